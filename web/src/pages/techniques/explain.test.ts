import { expect, test } from 'vitest'

import { piecesOf } from './explain'

test('the ends of a step are told apart from the words around them', () => {
  expect(piecesOf('{target} was logged on to {source}.')).toEqual([
    { text: '{target}', end: 'target' },
    { text: ' was logged on to ' },
    { text: '{source}', end: 'source' },
    { text: '.' },
  ])
  expect(piecesOf('Nothing {else}')).toEqual([{ text: 'Nothing {else}' }])
})
