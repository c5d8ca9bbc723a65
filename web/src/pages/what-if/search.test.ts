import { expect, test } from 'vitest'

import { isQuestion, questionOf, stepId, validateWhatIfSearch, withChoice, withoutChoice } from './search'

test('an address says the whole question', () => {
  const search = validateWhatIfSearch({ assets: 'S-1,S-2', techniques: 'DCSync', run: 'true', list: 'gone' })
  expect(questionOf(search)).toEqual({
    remove_assets: ['S-1', 'S-2'],
    remove_edges: [],
    disable_techniques: ['DCSync'],
  })
  expect(isQuestion(search)).toBe(true)
  expect(isQuestion({ list: 'gone' })).toBe(false)
})

test('another choice is another question: the last answer goes', () => {
  const search = { assets: ['S-1'], job: 'j', run: true } as const
  const given = { ...search, assets: [...search.assets] }
  expect(withChoice(given, 'assets', 'S-2')).toEqual({ assets: ['S-1', 'S-2'], job: undefined, run: undefined })
  expect(withChoice(given, 'assets', 'S-1').assets).toEqual(['S-1'])
  expect(withoutChoice(given, 'assets', 'S-1')).toEqual({ assets: undefined, job: undefined, run: undefined })
})

test('ids of steps are taken as people paste them', () => {
  const id = '0123456789abcdef0123456789abcdef'
  expect(stepId(` ${id.toUpperCase()}\n`)).toBe(id)
  expect(stepId('0123')).toBeUndefined()
})
