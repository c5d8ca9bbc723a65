// Every page wide and small, light and dark.

import { inAllLooks, open, test } from './harness'

const pages = {
  overview: '/',
  changes: '/changes',
  'attack-paths': '/attack-paths',
  'choke-points': '/choke-points',
  techniques: '/techniques',
  devices: '/devices',
  identities: '/identities',
  cloud: '/cloud',
  assets: '/assets',
  sources: '/sources',
  coverage: '/coverage',
  'what-if': '/what-if',
  settings: '/settings',
  password: '/account/password',
  'not-found': '/no/such/page',
}

for (const [name, address] of Object.entries(pages)) {
  test(`${name} can be read by all, wide and small, light and dark`, async ({ blank }) => {
    await open(blank, address)
    await inAllLooks(blank, name)
  })
}

test('sign-in can be read by all, wide and small, light and dark', async ({ visitor }) => {
  await open(visitor, '/sign-in')
  await inAllLooks(visitor, 'sign-in')
})
