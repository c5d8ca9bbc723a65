// A graph that stands in the rows of a result, and where its nodes are drawn. No markup: see ResultGraph.tsx.

import type { HuntColumn } from '@/api/hunting'

import { textOf, type Row } from './grid'

/** So many nodes can still be told apart, and laid out at once. */
export const nodesMax = 500
export const edgesMax = 4_000

export interface GraphNode {
  id: string
  name: string
  label: string
}

export interface GraphEdge {
  source: string
  target: string
  label: string
}

export interface ResultGraph {
  nodes: GraphNode[]
  edges: GraphEdge[]
  /** Nodes of the whole result. */
  nodesTotal: number
}

interface Table {
  columns: readonly HuntColumn[]
  rows: readonly Row[]
}

interface Ends {
  source: number
  target: number
}

/** The two words of an edge's ends, in the order in which columns are looked for. */
const pairs = [
  ['source', 'target'],
  ['entry', 'target'],
  ['from', 'to'],
  ['start', 'end'],
] as const

/** The columns of an edge's two ends: names that differ in such a pair of words only, ids first. */
function endsOf(columns: readonly HuntColumn[]): Ends | undefined {
  for (const isId of [true, false]) {
    for (const [one, other] of pairs) {
      for (const [source, column] of columns.entries()) {
        const name = column.name.toLowerCase()
        const isText = column.type === 'string' || column.type === 'long' || column.type === 'guid'
        if (!isText || !name.includes(one) || (isId && !/id\d*$/.test(name))) continue
        const target = columns.findIndex((it) => it.name.toLowerCase() === name.replace(one, other))
        if (target >= 0 && target !== source) return { source, target }
      }
    }
  }
  return undefined
}

export const hasGraph = (tables: readonly Table[]) => tables.some((it) => endsOf(it.columns) !== undefined)

/** A column beside that of an id, such as `SourceNodeName` beside `SourceNodeId`. */
function beside(columns: readonly HuntColumn[], id: number, words: readonly string[]): number {
  const stem = columns[id]?.name.toLowerCase().replace(/(node)?_?id\d*$/, '') ?? ''
  return columns.findIndex((it) => {
    const name = it.name.toLowerCase()
    return words.some((word) => name === `${stem}node${word}` || name === `${stem}${word}` || name === `${stem}_${word}`)
  })
}

const named = (columns: readonly HuntColumn[], pattern: RegExp) => columns.findIndex((it) => pattern.test(it.name))

/** The graph of the tables: one with the two ends of edges, and perhaps another with their nodes. */
export function graphOf(tables: readonly Table[]): ResultGraph | undefined {
  const edgeTable = tables.find((it) => endsOf(it.columns) !== undefined)
  const ends = edgeTable && endsOf(edgeTable.columns)
  if (!edgeTable || !ends) return undefined
  const nodes = new Map<string, GraphNode>()
  const { columns, rows } = edgeTable
  const edgeLabel = named(columns, /^(edge_?label|technique|label|title)$/i)
  const looks = (['source', 'target'] as const).map((end) => ({
    id: ends[end],
    name: beside(columns, ends[end], ['name']),
    label: beside(columns, ends[end], ['label', 'kind']),
  }))
  const edges: GraphEdge[] = []
  for (const row of rows) {
    const [source, target] = looks.map(({ id, name, label }) => {
      const key = textOf(row[id])
      if (key !== '' && !nodes.has(key)) nodes.set(key, { id: key, name: textOf(row[name]) || key, label: textOf(row[label]) })
      return key
    })
    if (source && target) edges.push({ source, target, label: edgeLabel < 0 ? '' : textOf(row[edgeLabel]) })
  }
  for (const table of tables) {
    if (table !== edgeTable) takeNodes(table, nodes)
  }
  return cut(nodes, edges)
}

/** Names of nodes from the table that lists them: the one column whose values are ends of edges is their id. */
function takeNodes({ columns, rows }: Table, nodes: Map<string, GraphNode>) {
  const id = columns.findIndex((_, at) => rows.some((row) => nodes.has(textOf(row[at]))))
  if (id < 0) return
  const name = named(columns, /^(node_?name|name|display_?name)$/i)
  const label = named(columns, /^(node_?label|label|kind)$/i)
  for (const row of rows) {
    const key = textOf(row[id])
    if (key !== '') nodes.set(key, { id: key, name: textOf(row[name]) || key, label: textOf(row[label]) })
  }
}

function cut(nodes: Map<string, GraphNode>, edges: GraphEdge[]): ResultGraph {
  const degrees = new Map<string, number>()
  for (const { source, target } of edges) {
    degrees.set(source, (degrees.get(source) ?? 0) + 1)
    degrees.set(target, (degrees.get(target) ?? 0) + 1)
  }
  const all = [...nodes.values()]
  const degree = (it: GraphNode) => degrees.get(it.id) ?? 0
  const kept = all.length > nodesMax ? all.toSorted((one, other) => degree(other) - degree(one)).slice(0, nodesMax) : all
  const ids = new Set(kept.map((it) => it.id))
  // Several edges between the same two nodes are drawn as one, with all their labels.
  const drawn = new Map<string, GraphEdge>()
  for (const edge of edges) {
    if (!ids.has(edge.source) || !ids.has(edge.target)) continue
    const key = `${edge.source}\n${edge.target}`
    const found = drawn.get(key)
    if (!found) drawn.set(key, { ...edge })
    else if (edge.label !== '' && !found.label.split(', ').includes(edge.label)) found.label += `, ${edge.label}`
  }
  return { nodes: kept, edges: [...drawn.values()].slice(0, edgesMax), nodesTotal: all.length }
}

export interface Place {
  x: number
  y: number
}

const turns = 220
/** How far apart two nodes with an edge want to be. */
const lengthPx = 90
/** Of the circle's turn: nodes that follow each other on the spiral are never in one line. */
const goldenAngle = Math.PI * (3 - Math.sqrt(5))

/** Where nodes are drawn: they push each other away and edges hold them together. The same graph, the same picture. */
export function layout({ nodes, edges }: Pick<ResultGraph, 'nodes' | 'edges'>): Map<string, Place> {
  const at = nodes.map((_, it) => {
    const radius = lengthPx * 0.7 * Math.sqrt(it + 0.5)
    return { x: radius * Math.cos(it * goldenAngle), y: radius * Math.sin(it * goldenAngle) }
  })
  const indices = new Map(nodes.map((it, index) => [it.id, index]))
  const ends = edges.flatMap(({ source, target }) => {
    const one = at[indices.get(source) ?? -1]
    const other = at[indices.get(target) ?? -1]
    return one && other && one !== other ? [[one, other] as const] : []
  })
  const push = at.map(() => ({ x: 0, y: 0 }))
  for (let turn = 0; turn < turns; turn += 1) {
    for (const it of push) it.x = it.y = 0
    for (let one = 0; one < at.length; one += 1) {
      const a = at[one]!
      for (let other = one + 1; other < at.length; other += 1) {
        const b = at[other]!
        const x = a.x - b.x
        const y = a.y - b.y
        const square = Math.max(x * x + y * y, 1)
        if (square > 160_000) continue
        const force = (lengthPx * lengthPx) / square
        push[one]!.x += x * force
        push[one]!.y += y * force
        push[other]!.x -= x * force
        push[other]!.y -= y * force
      }
      // Towards the middle, so that parts without an edge between them stay on the screen.
      push[one]!.x -= a.x * 0.02
      push[one]!.y -= a.y * 0.02
    }
    const index = new Map(at.map((it, position) => [it, position]))
    for (const [a, b] of ends) {
      const x = b.x - a.x
      const y = b.y - a.y
      const length = Math.max(Math.hypot(x, y), 1)
      const force = (length - lengthPx) / length / 3
      const one = push[index.get(a)!]!
      const other = push[index.get(b)!]!
      one.x += x * force
      one.y += y * force
      other.x -= x * force
      other.y -= y * force
    }
    const reach = 24 * (1 - turn / turns) + 0.5
    for (const [position, it] of at.entries()) {
      const { x, y } = push[position]!
      const length = Math.max(Math.hypot(x, y), 1)
      const step = Math.min(length, reach) / length
      it.x += x * step
      it.y += y * step
    }
  }
  return new Map(nodes.map((it, index) => [it.id, at[index]!]))
}
