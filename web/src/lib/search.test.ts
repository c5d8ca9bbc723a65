import { expect, test } from 'vitest'

import { count, flag, listFields, oneOf, parseSearch, searchOf, some, someOf, stringifySearch, text } from './search'

const risks = ['critical', 'high', 'low'] as const
const validate = searchOf({ ...listFields, risk: someOf(risks), view: oneOf(['a', 'b']), kind: some, open: flag })

test('what an address says is understood and written again the same', () => {
  const address = '?q=00123&offset=50&risk=critical,low&view=b&kind=User,AZUser&open=true'
  const search = validate(parseSearch(address))
  expect(search).toEqual({
    q: '00123',
    offset: 50,
    risk: ['critical', 'low'],
    view: 'b',
    kind: ['User', 'AZUser'],
    open: true,
  })
  expect(stringifySearch(search)).toBe(address)
})

test('what is not understood is left out', () => {
  expect(validate(parseSearch('?offset=-1&limit=x&risk=none&view=c&q=%20&kind=&open=1&other=2'))).toEqual({})
})

test('equal choices have equal addresses', () => {
  expect(validate({ risk: 'low,critical' })).toEqual(validate({ risk: ['critical', 'low'] }))
})

test('single fields', () => {
  expect([text('a'), count('0'), count('7'), flag('false')]).toEqual(['a', undefined, 7, undefined])
})
