// What one reason for a step is composed of, as it is drawn: assets, the relations between them, and what is so of each
// asset. Layers go from the start of the step, on the left, to its end. Nothing here knows colours or words.

import type { DerivationReport, FactReport, StepReport } from '@/api/types'

export interface Asset {
  id: string
  name: string
  kind?: string | undefined
  role?: 'source' | 'target' | undefined
  /** What is so of this asset alone. */
  facts: FactReport[]
}

/** All relations from one asset to another. */
export interface Arrow {
  from: string
  to: string
  facts: FactReport[]
}

export interface Composition {
  assets: Asset[]
  arrows: Arrow[]
}

/** Less than two relations need no picture: the sentence says it all. */
const relationsMin = 2

/**
 * What a reason is composed of; undefined where a picture would say no more than the sentence. What is so of no asset
 * in particular has no place in it.
 */
export function compositionOf(
  step: Pick<StepReport, 'source' | 'source_name' | 'target' | 'target_name'>,
  reason: DerivationReport,
): Composition | undefined {
  if (reason.facts.filter((it) => it.relation).length < relationsMin) return undefined
  const assets = new Map<string, Asset>()
  const asset = (id: string, name: string, kind?: string | null) => {
    const found = assets.get(id) ?? { id, name, facts: [] }
    if (kind) found.kind = kind
    assets.set(id, found)
    return found
  }
  asset(step.source, step.source_name).role = 'source'
  const arrows = new Map<string, Arrow>()
  for (const fact of reason.facts) {
    const { relation, subject } = fact
    if (relation && relation.source !== relation.target) {
      asset(relation.source, relation.source_name, relation.source_kind)
      asset(relation.target, relation.target_name, relation.target_kind)
      const key = JSON.stringify([relation.source, relation.target])
      const arrow = arrows.get(key) ?? { from: relation.source, to: relation.target, facts: [] }
      arrow.facts.push(fact)
      arrows.set(key, arrow)
    } else if (relation) {
      asset(relation.source, relation.source_name, relation.source_kind).facts.push(fact)
    } else if (subject) {
      asset(subject, fact.subject_name ?? subject).facts.push(fact)
    }
  }
  if (step.target !== step.source) asset(step.target, step.target_name).role = 'target'
  return { assets: [...assets.values()], arrows: [...arrows.values()] }
}

/** The names of assets that tell this reason from the others: those that are not part of every one. */
export function distinction(reasons: readonly DerivationReport[], index: number) {
  const named = reasons.map(assetsOf)
  const ids = [...named[index]!].filter(([id]) => !named.every((it) => it.has(id)))
  return ids.map(([, name]) => name)
}

function assetsOf(reason: DerivationReport) {
  const found = new Map<string, string>()
  for (const { relation, subject, subject_name } of reason.facts) {
    if (relation) found.set(relation.source, relation.source_name).set(relation.target, relation.target_name)
    if (subject) found.set(subject, subject_name ?? subject)
  }
  return found
}

/** Assets by layer: an arrow leads to a later one, save where arrows go in a circle. */
export function layersOf({ assets, arrows }: Composition): Map<string, number> {
  const forward = withoutCircles(assets, arrows)
  const into = groupBy(forward, (it) => it.to)
  const out = groupBy(forward, (it) => it.from)
  const layers = new Map<string, number>()
  const layerOf = (id: string): number => {
    const known = layers.get(id)
    if (known !== undefined) return known
    const layer = Math.max(-1, ...(into.get(id) ?? []).map((it) => layerOf(it.from))) + 1
    layers.set(id, layer)
    return layer
  }
  for (const { id } of assets) layerOf(id)
  const last = Math.max(...layers.values())
  for (const { id, role } of assets) {
    const after = (out.get(id) ?? []).map((it) => layers.get(it.to)!)
    const isFirst = !into.has(id)
    if (role === 'target') layers.set(id, Math.max(last, 1))
    // Nobody needs it before the first arrow out of it.
    else if (isFirst && role !== 'source') layers.set(id, after.length > 0 ? Math.min(...after) - 1 : Math.max(last - 1, 0))
  }
  return layers
}

/** Arrows that close a circle, or lead back to the start or away from the end, are turned round for this. */
function withoutCircles(assets: readonly Asset[], arrows: readonly Arrow[]) {
  const roles = new Map(assets.map((it) => [it.id, it.role]))
  const out = groupBy(arrows, (it) => it.from)
  const isDone = new Map<string, boolean>()
  const turned: { from: string; to: string }[] = []
  const visit = (id: string) => {
    isDone.set(id, false)
    for (const { from, to } of out.get(id) ?? []) {
      const state = isDone.get(to)
      const isBack = state === false || roles.get(to) === 'source' || roles.get(from) === 'target'
      turned.push(isBack ? { from: to, to: from } : { from, to })
      if (state === undefined) visit(to)
    }
    isDone.set(id, true)
  }
  for (const { id } of assets) if (!isDone.has(id)) visit(id)
  return turned
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string) {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group) group.push(item)
    else groups.set(keyOf(item), [item])
  }
  return groups
}

export interface Point {
  x: number
  y: number
}
export interface PlacedAsset extends Point {
  asset: Asset
  height: number
}
export interface PlacedArrow {
  arrow: Arrow
  /** The middle of where its words stand. */
  label: Point
  /** Pairs of ends: straight along a column, bent between two. */
  line: Point[]
}
export interface Figure {
  width: number
  height: number
  assets: PlacedAsset[]
  arrows: PlacedArrow[]
}

export interface Sizes {
  assetWidth: number
  heightOf: (asset: Asset) => number
  labelWidth: (arrow: Arrow) => number
  labelHeight: (arrow: Arrow) => number
  /** What an arrow has to bend, on either side of a column. */
  bend: number
  gap: number
}

/** How often neighbours are looked at. More changes nothing in figures as small as these. */
const sweeps = 6

/** A box in a column: an asset, or the place through which an arrow passes. */
interface Box {
  column: number
  height: number
  y: number
  before: Box[]
  after: Box[]
  asset?: Asset
}

/**
 * Assets stand in every second column, and the words of arrows in those between. An arrow has a place of its own in
 * each column that it passes, so that neither its line nor its words run through something else.
 */
export function figureOf(composition: Composition, sizes: Sizes): Figure {
  const layers = layersOf(composition)
  const columns: Box[][] = Array.from({ length: Math.max(...layers.values()) * 2 + 1 }, () => [])
  const add = (column: number, height: number, asset?: Asset) => {
    const box: Box = { column, height, y: 0, before: [], after: [], ...(asset ? { asset } : {}) }
    columns[column]!.push(box)
    return box
  }
  const boxes = new Map(composition.assets.map((it) => [it.id, add(layers.get(it.id)! * 2, sizes.heightOf(it), it)]))
  const routes = composition.arrows.map((arrow) => {
    const [from, to] = [boxes.get(arrow.from)!, boxes.get(arrow.to)!]
    const isBack = from.column >= to.column
    const [left, right] = isBack ? [to, from] : [from, to]
    const passed: Box[] = []
    for (let column = left.column + 1; column < right.column; column += 1) passed.push(add(column, sizes.labelHeight(arrow)))
    const route = [left, ...passed, right]
    for (const [index, box] of route.entries()) {
      const next = route[index + 1]
      if (!next) break
      box.after.push(next)
      next.before.push(box)
    }
    return { arrow, route, isBack }
  })

  order(columns)
  place(columns, sizes.gap)

  const widths = columns.map((_, column) =>
    column % 2 === 0
      ? sizes.assetWidth
      : Math.max(
          0,
          ...routes.filter(({ route }) => wordsOf(route)?.column === column).map(({ arrow }) => sizes.labelWidth(arrow)),
        ) +
        2 * sizes.bend,
  )
  const lefts = widths.map((_, column) => widths.slice(0, column).reduce((sum, it) => sum + it, 0))
  const middle = (box: Box) => box.y + box.height / 2
  /** Lines that leave or reach an asset do so one below the other, in the order in which they come. */
  const port = (box: Box, at: Box, neighbours: Box[]) => {
    const sorted = neighbours.toSorted((a, b) => middle(a) - middle(b))
    return box.y + (box.height * (sorted.indexOf(at) + 1)) / (sorted.length + 1)
  }
  return {
    width: widths.reduce((sum, it) => sum + it, 0),
    height: Math.max(...columns.flat().map((it) => it.y + it.height)),
    assets: composition.assets.map((asset) => {
      const box = boxes.get(asset.id)!
      return { asset, x: lefts[box.column]!, y: box.y, height: box.height }
    }),
    arrows: routes.map(({ arrow, route, isBack }) => {
      const words = wordsOf(route)
      const line = route.flatMap((box, index) => {
        const [left, right] = [lefts[box.column]!, lefts[box.column]! + widths[box.column]!]
        if (index === 0) return [{ x: right, y: port(box, route[1]!, box.after) }]
        if (index === route.length - 1) return [{ x: left, y: port(box, route.at(-2)!, box.before) }]
        const bend = box.column % 2 === 0 ? 0 : sizes.bend
        return [
          { x: left + bend, y: middle(box) },
          { x: right - bend, y: middle(box) },
        ]
      })
      const label = words
        ? { x: lefts[words.column]! + widths[words.column]! / 2, y: middle(words) }
        : { x: 0, y: 0 }
      return { arrow, label, line: isBack ? line.toReversed() : line }
    }),
  }
}

/** Where the words of an arrow stand: right after it has left. */
const wordsOf = (route: readonly Box[]) => route.slice(1, -1)[0]

/** Neighbours of one box stand near each other, so that few lines cross. */
function order(columns: Box[][]) {
  const rank = new Map<Box, number>()
  const number = (column: Box[]) => column.forEach((box, index) => rank.set(box, index - (column.length - 1) / 2))
  columns.forEach(number)
  for (let sweep = 0; sweep < sweeps; sweep += 1) {
    const isForward = sweep % 2 === 0
    for (const column of isForward ? columns : columns.toReversed()) {
      const wish = new Map(
        column.map((box) => {
          const near = isForward ? box.before : box.after
          return [box, near.length > 0 ? mean(near.map((it) => rank.get(it)!)) : rank.get(box)!]
        }),
      )
      column.sort((a, b) => wish.get(a)! - wish.get(b)!)
      number(column)
    }
  }
}

/** As near to the height of what it is joined to as the order allows. */
function place(columns: Box[][], gap: number) {
  for (const column of columns) stack(column, column.map(() => 0), gap)
  for (let sweep = 0; sweep < sweeps; sweep += 1) {
    for (const column of sweep % 2 === 0 ? columns : columns.toReversed()) {
      const wishes = column.map((box) => {
        const near = [...box.before, ...box.after]
        if (near.length === 0) return box.y
        return mean(near.map((it) => it.y + it.height / 2)) - box.height / 2
      })
      stack(column, wishes, gap)
    }
  }
  const top = Math.min(...columns.flat().map((it) => it.y))
  for (const box of columns.flat()) box.y -= top
}

/** Halfway between all pushed down and all pushed up, which keeps both the order and the gaps. */
function stack(column: Box[], wishes: number[], gap: number) {
  const down: number[] = []
  for (const [index, wish] of wishes.entries()) {
    const above = column[index - 1]
    down.push(above ? Math.max(wish, down[index - 1]! + above.height + gap) : wish)
  }
  const up: number[] = []
  for (let index = column.length - 1; index >= 0; index -= 1) {
    const height = column[index]!.height
    up[index] = index < column.length - 1 ? Math.min(wishes[index]!, up[index + 1]! - gap - height) : wishes[index]!
  }
  for (const [index, box] of column.entries()) box.y = (down[index]! + up[index]!) / 2
}

const mean = (numbers: readonly number[]) => numbers.reduce((sum, it) => sum + it, 0) / numbers.length
