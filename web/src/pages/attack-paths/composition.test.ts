import { expect, test } from 'vitest'

import type { DerivationReport, FactReport } from '@/api/types'

import { compositionOf, distinction, figureOf, layersOf, type Composition, type Sizes } from './composition'

const relation = (source: string, kind: string, target: string): FactReport => ({
  fact: 'relation',
  text: `${source} ${kind} ${target}`,
  id: `${source}${kind}${target}`,
  relation: {
    kind,
    source,
    source_name: source,
    source_kind: 'Base',
    target,
    target_name: target,
    target_kind: 'Base',
  },
})
const property = (subject: string, text: string): FactReport => ({
  fact: 'property',
  text: `${subject} ${text}`,
  subject,
  subject_name: subject,
})
const reason = (...facts: FactReport[]): DerivationReport => ({ cost: 0, facts })
const step = (source: string, target: string) => ({ source, source_name: source, target, target_name: target })

/** A template that a group may enrol for, at an authority that the domain trusts. */
const certificate = reason(
  relation('users', 'Enroll', 'template'),
  relation('users', 'Enroll', 'authority'),
  property('template', 'asks for no approval'),
  relation('template', 'PublishedTo', 'authority'),
  relation('authority', 'EnterpriseCAFor', 'root'),
  relation('root', 'RootCAFor', 'domain'),
  relation('authority', 'TrustedForNTAuth', 'store'),
  relation('store', 'NTAuthStoreFor', 'domain'),
  relation('server', 'HostsCAService', 'authority'),
  { fact: 'built-in', text: 'everybody is part of users' },
)

const drawn = (of: DerivationReport, source = 'users', target = 'domain') => {
  const composition = compositionOf(step(source, target), of)
  if (!composition) throw new Error('nothing to draw')
  return composition
}

const layers = (composition: Composition) => Object.fromEntries(layersOf(composition))

const sizes: Sizes = {
  assetWidth: 100,
  heightOf: () => 40,
  labelWidth: () => 60,
  labelHeight: (arrow) => arrow.facts.length * 16,
  bend: 20,
  gap: 10,
}

test('one relation needs no figure, two do', () => {
  const [first, second] = certificate.facts
  expect(compositionOf(step('users', 'template'), reason(first!, property('template', 'is open')))).toBeUndefined()
  expect(compositionOf(step('users', 'authority'), reason(first!, second!))?.arrows).toHaveLength(2)
})

test('what is so of an asset stands with it', () => {
  const { assets } = drawn(certificate)
  expect(assets.filter((it) => it.facts.length > 0).map((it) => it.id)).toEqual(['template'])
  expect(assets.filter((it) => it.role).map((it) => [it.id, it.role])).toEqual([
    ['users', 'source'],
    ['domain', 'target'],
  ])
  expect(assets.flatMap((it) => it.facts.map((fact) => fact.fact))).toEqual(['property'])
})

test('relations between the same two assets share an arrow, the way back has its own', () => {
  const { arrows } = drawn(
    reason(relation('a', 'Enroll', 'b'), relation('a', 'GenericAll', 'b'), relation('b', 'MemberOf', 'a')),
    'a',
    'b',
  )
  expect(arrows.map((it) => [it.from, it.to, it.facts.length])).toEqual([
    ['a', 'b', 2],
    ['b', 'a', 1],
  ])
})

test('a relation of an asset to itself is one of its facts', () => {
  const of = reason(relation('a', 'MemberOf', 'b'), relation('b', 'GenericAll', 'b'))
  const { arrows, assets } = drawn(of, 'a', 'b')
  expect(arrows).toHaveLength(1)
  expect(assets.find((it) => it.id === 'b')?.facts).toHaveLength(1)
})

test('layers go from the start to the end, and what nobody leads to stands before what it leads to', () => {
  expect(layers(drawn(certificate))).toEqual({
    users: 0,
    template: 1,
    authority: 2,
    server: 1,
    root: 3,
    store: 3,
    domain: 4,
  })
})

test('a circle ends, and neither leads before the start nor behind the end', () => {
  const circle = reason(
    relation('a', 'MemberOf', 'b'),
    relation('b', 'MemberOf', 'c'),
    relation('c', 'MemberOf', 'b'),
    relation('c', 'Contains', 'a'),
    relation('d', 'Contains', 'c'),
    relation('c', 'GenericAll', 'd'),
  )
  expect(layers(drawn(circle, 'a', 'd'))).toEqual({ a: 0, b: 1, c: 2, d: 3 })
})

test('ends that no relation names stand first and last', () => {
  const of = reason(relation('x', 'MemberOf', 'y'), relation('y', 'MemberOf', 'z'), property('host', 'is on'))
  expect(layers(drawn(of, 'start', 'end'))).toEqual({ start: 0, x: 0, y: 1, z: 2, host: 1, end: 2 })
})

test('nothing overlaps, and arrows run from side to side', () => {
  const figure = figureOf(drawn(certificate), sizes)
  const boxes = figure.assets.map((it) => ({ left: it.x, top: it.y, right: it.x + 100, bottom: it.y + it.height }))
  const words = figure.arrows.map(({ label, arrow }) => ({
    left: label.x - 30,
    right: label.x + 30,
    top: label.y - arrow.facts.length * 8,
    bottom: label.y + arrow.facts.length * 8,
  }))
  const all = [...boxes, ...words]
  for (const [index, a] of all.entries()) {
    expect(a.left).toBeGreaterThanOrEqual(0)
    expect(a.top).toBeGreaterThanOrEqual(0)
    expect(a.right).toBeLessThanOrEqual(figure.width)
    expect(a.bottom).toBeLessThanOrEqual(figure.height)
    for (const b of all.slice(index + 1)) {
      const isApart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top
      expect(isApart, JSON.stringify([a, b])).toBe(true)
    }
  }
  for (const { arrow, line } of figure.arrows) {
    const [from, to] = [arrow.from, arrow.to].map((id) => figure.assets.find((it) => it.asset.id === id)!)
    expect(line[0]!.x).toBe(from!.x + 100)
    expect(line.at(-1)!.x).toBe(to!.x)
    for (const [end, box] of [[line[0]!, from!], [line.at(-1)!, to!]] as const) {
      expect(end.y).toBeGreaterThan(box.y)
      expect(end.y).toBeLessThan(box.y + box.height)
    }
    // No line runs through an asset that it does not join.
    const passed = line.slice(1, -1)
    for (const box of boxes) {
      const isThrough = passed.some(({ x, y }) => x > box.left && x < box.right && y > box.top && y < box.bottom)
      expect(isThrough).toBe(false)
    }
  }
})

test('an arrow back is drawn from the right to the left', () => {
  const of = reason(relation('a', 'MemberOf', 'b'), relation('b', 'HasSession', 'a'))
  const { arrows } = figureOf(drawn(of, 'a', 'b'), sizes)
  const [there, back] = arrows
  expect(there!.line[0]!.x).toBeLessThan(there!.line.at(-1)!.x)
  expect(back!.line[0]!.x).toBeGreaterThan(back!.line.at(-1)!.x)
})

test('the figure is the same for the same facts', () => {
  expect(figureOf(drawn(certificate), sizes)).toEqual(figureOf(drawn(certificate), sizes))
})

test('a reason is told from the others by what they do without', () => {
  const other = reason(relation('users', 'Enroll', 'smartcard'), relation('smartcard', 'PublishedTo', 'authority'))
  expect(distinction([certificate, other], 1)).toEqual(['smartcard'])
  expect(distinction([certificate, other], 0)).toContain('template')
  expect(distinction([certificate], 0)).toEqual([])
})
