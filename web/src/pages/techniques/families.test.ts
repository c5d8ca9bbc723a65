import { expect, test } from 'vitest'

import type { TechniqueRow } from '@/api/types'

import { familiesOf, matches } from './families'

const row = (id: string, family: string, changes: Partial<TechniqueRow> = {}): TechniqueRow => ({
  id,
  title: `The ${id}`,
  label: 'can do',
  family,
  grade: 'certain',
  grade_reason: '',
  needs: 'none',
  gives: 'none',
  attack: ['T1003.006'],
  explanation: '',
  detection: '',
  remediations: [],
  inputs: [],
  steps: 0,
  is_enabled: true,
  ...changes,
})

const rows = [
  row('B', 'sessions', { steps: 2, grade: 'likely' }),
  row('A', 'sessions', { steps: 9 }),
  row('C', 'acl', { steps: 1 }),
]

const ids = (sort?: string) => familiesOf(rows, sort).map((it) => it.rows.map((one) => one.id).join(''))

test('families come by name, techniques in the order that is asked for', () => {
  expect(ids()).toEqual(['C', 'AB'])
  expect(ids('steps')).toEqual(['C', 'BA'])
  expect(ids('-grade')).toEqual(['C', 'BA'])
  expect(ids('nothing')).toEqual(['C', 'AB'])
})

test('every word has to be found in id, title, label or ATT&CK', () => {
  expect(matches(rows[0]!, { q: 'the t1003' })).toBe(true)
  expect(matches(rows[0]!, { q: 'the t1004' })).toBe(false)
  expect(matches(rows[0]!, { family: 'acl' })).toBe(false)
})
