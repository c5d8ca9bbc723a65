import { expect, test } from 'vitest'

import type { FactReport } from '@/api/types'

import { briefly, unseenOf, wordsOf } from './sentences'

const related = (text: string, source: [string, string], target: [string, string]): FactReport => ({
  fact: 'relation',
  text,
  relation: {
    kind: 'MemberOf',
    source: source[0],
    source_name: source[1],
    source_kind: 'User',
    target: target[0],
    target_name: target[1],
    target_kind: 'Group',
  },
})

const bare = (kind: FactReport['fact']): FactReport => ({ fact: kind, text: '' })

const inShort = (fact: FactReport) => wordsOf(fact).map((it) => (it.asset ? [it.text, it.asset.id] : it.text))

test('both ends of a relation are found in its sentence, in whatever order', () => {
  expect(inShort(related('ANNA is logged on to PC', ['1', 'PC'], ['2', 'ANNA']))).toEqual([
    ['ANNA', '2'],
    ' is logged on to ',
    ['PC', '1'],
  ])
})

test('a name that is part of the other is not taken for it', () => {
  expect(inShort(related('CA is the enterprise side of CA.ROOT', ['1', 'CA'], ['2', 'CA.ROOT']))).toEqual([
    ['CA', '1'],
    ' is the enterprise side of ',
    ['CA.ROOT', '2'],
  ])
})

test('of two assets of one name the first is the source', () => {
  expect(inShort(related('CA is the enterprise side of CA', ['1', 'CA'], ['2', 'CA']))).toEqual([
    ['CA', '1'],
    ' is the enterprise side of ',
    ['CA', '2'],
  ])
})

test('a default is told once, and without the name where that stands above', () => {
  const fact: FactReport = {
    fact: 'default',
    text: 'default assumed: DC requires no signing',
    subject: '1',
    subject_name: 'DC',
  }
  expect(inShort(fact)).toEqual([['DC', '1'], ' requires no signing'])
  expect(briefly(fact)).toBe('requires no signing')
  expect(briefly({ fact: 'built-in', text: 'it is so' })).toBe('it is so')
})

test('an assumed step says what it rests on, of its cheapest reasons', () => {
  const evidence = [
    { cost: 1, facts: [bare('default'), bare('relation')] },
    { cost: 1, facts: [bare('default')] },
    { cost: 2, facts: [bare('setting')] },
  ]
  expect(unseenOf({ cost: 1, is_assumed: true, evidence })).toEqual(['default'])
  expect(unseenOf({ cost: 1, is_assumed: false, evidence })).toEqual([])
  expect(unseenOf({ cost: 0, is_assumed: true, evidence: [] })).toEqual(['assumption'])
})
