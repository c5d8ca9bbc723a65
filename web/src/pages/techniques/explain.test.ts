import { expect, test } from 'vitest'

import { piecesOf } from './explain'

test('the ends of a step are told apart from the words around them', () => {
  expect(piecesOf('{target} was logged on to {source}.')).toEqual([
    { at: 0, text: '{target}', end: 'target' },
    { at: 8, text: ' was logged on to ' },
    { at: 26, text: '{source}', end: 'source' },
    { at: 34, text: '.' },
  ])
  expect(piecesOf('Nothing {else}')).toEqual([{ at: 0, text: 'Nothing {else}' }])
})
