import { expect, test } from 'vitest'

import type { PathReport, StepReport } from '@/api/types'

import { routeOf, shownStep, stepByKey } from './route'

const step = (id: string, source: string, target: string, cost = 0): StepReport => ({
  id,
  source,
  source_name: source.toUpperCase(),
  target,
  target_name: target.toUpperCase(),
  technique: 'MemberOf',
  label: 'member of',
  cost,
  grade: 'certain',
  is_assumed: false,
  attack: [],
  explanation: '',
  detection: '',
  evidence: [],
  remediations: [],
})

const path = (changes: Partial<PathReport>): PathReport => ({
  id: 'p',
  entry: 'a',
  entry_name: 'A',
  entry_reason: '',
  entry_class_title: '',
  target: 'c',
  target_name: 'C',
  target_reason: '',
  basis: 'inferred',
  cost: 3,
  grade: 'likely',
  hops: 2,
  risk: 'high',
  status: 'new',
  scenario: 's',
  scenario_title: '',
  steps: [step('1', 'a', 'b'), step('2', 'b', 'c', 3)],
  ...changes,
})

test('every step lies between two places, and the target is the last', () => {
  const route = routeOf(path({}))
  expect(route.places.map((it) => [it.name, it.role])).toEqual([
    ['A', 'entry'],
    ['B', 'passed'],
    ['C', 'target'],
  ])
  expect(route.plane).toBeUndefined()
})

test('a path into a control plane ends at its crossing', () => {
  const crossing = { id: 'c', name: 'C', reason: 'it can replicate' }
  const route = routeOf(path({ target: 'plane:forest:S-1', target_name: 'the forest', crossing }))
  expect(route.places.at(-1)).toMatchObject({ id: 'c', role: 'crossing' })
  expect(route.plane).toEqual({ id: 'plane:forest:S-1', name: 'the forest' })
})

test('footholds are told of devices only', () => {
  const places = [
    { id: 'a', name: 'A', kind: 'User', foothold: 'none' as const },
    { id: 'b', name: 'B', kind: 'Computer', foothold: 'admin' as const },
  ]
  expect(routeOf(path({ places })).places.map((it) => [it.kind, it.heldAs])).toEqual([
    ['User', undefined],
    ['Computer', 'admin'],
    [undefined, undefined],
  ])
})

test('the step of the address is shown, else the one to change, else the last', () => {
  const fix = { step: '1', title: '', text: '', owner: '', cost: 1 }
  expect(shownStep(path({ fix }), '2')?.id).toBe('2')
  expect(shownStep(path({ fix }), 'gone')?.id).toBe('1')
  expect(shownStep(path({}), undefined)?.id).toBe('2')
})

test('arrows stop at the ends', () => {
  expect(['ArrowRight', 'ArrowLeft', 'Home', 'End', 'a'].map((key) => stepByKey(key, 1, 3))).toEqual([
    2,
    0,
    0,
    2,
    undefined,
  ])
  expect(stepByKey('ArrowRight', 2, 3)).toBe(2)
})
