import { expect, test } from 'vitest'

import { unfiltered, validateAttackPathsSearch, viewOf } from './search'

test('a filter of paths shows paths, a view that is said wins', () => {
  expect(viewOf({})).toBe('scenarios')
  expect(viewOf({ basis: ['observed'] })).toBe('scenarios')
  expect(viewOf({ target: 'S-1' })).toBe('paths')
  expect(viewOf({ target: 'S-1', view: 'entries' })).toBe('entries')
})

test('taking all filters out leaves nothing of them', () => {
  const search = validateAttackPathsSearch({ view: 'paths', risk: 'high,critical', technique: 'MemberOf', q: 'a' })
  expect(search.risk).toEqual(['critical', 'high'])
  expect(validateAttackPathsSearch({ ...search, ...unfiltered })).toEqual({ view: 'paths' })
})
