import { expect, test } from 'vitest'

import { kindsOf } from './KindBars'

test('kinds come by number, those of one number by name', () => {
  expect(kindsOf({ User: 2, Host: 1, Computer: 12, CertTemplate: 1 })).toEqual([
    ['Computer', 12],
    ['User', 2],
    ['CertTemplate', 1],
    ['Host', 1],
  ])
})
