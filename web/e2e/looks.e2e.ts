// Every page wide and small, light and dark; with the demo organisation, and before anything was imported.

import { inAllLooks, open, settled, test, visible, type Page } from './harness'

const pages = {
  overview: '/',
  changes: '/changes',
  'attack-paths': '/attack-paths',
  paths: '/attack-paths?view=paths',
  'exposed-critical-assets': '/attack-paths?view=exposed',
  'entry-points': '/attack-paths?view=entries',
  targets: '/attack-paths?view=targets',
  'choke-points': '/choke-points',
  techniques: '/techniques',
  devices: '/devices',
  identities: '/identities',
  cloud: '/cloud',
  assets: '/assets',
  hunting: '/hunting',
  sources: '/sources',
  coverage: '/coverage',
  'what-if': '/what-if',
  settings: '/settings',
  users: '/settings?tab=users',
  tokens: '/settings?tab=tokens',
  'audit-log': '/settings?tab=audit',
  about: '/settings?tab=about',
  password: '/account/password',
  'not-found': '/no/such/page',
}

for (const [name, address] of Object.entries(pages)) {
  test(`${name} can be read by all, wide and small, light and dark`, async ({ blank }) => {
    await open(blank, address)
    await inAllLooks(blank, name)
  })
}

/** Without an import these have nothing to show but the way to one. */
const pagesOfData = new Set([
  'overview',
  'changes',
  'attack-paths',
  'paths',
  'choke-points',
  'techniques',
  'devices',
  'identities',
  'cloud',
  'assets',
  'coverage',
])

/** Follows the first link of the first table on a page. */
async function firstOf(page: Page, list: string) {
  await open(page, list)
  const link = page.getByRole('table').first().getByRole('row').nth(1).getByRole('link').first()
  await visible(link)
  await link.click()
  await page.waitForURL((url) => url.pathname !== new URL(list, url).pathname)
  await settled(page)
}

for (const tab of ['Summary', 'Edges', 'Findings', 'Attack paths', 'All facts']) {
  test(`an asset can be read by all: ${tab}`, async ({ blank }) => {
    await firstOf(blank, '/devices?sort=-findings')
    await blank.getByRole('tab', { name: tab }).click()
    await inAllLooks(blank, `asset-${tab.toLowerCase().replace(' ', '-')}`)
  })
}

test('a source can be read by all', async ({ blank }) => {
  await firstOf(blank, '/sources')
  await inAllLooks(blank, 'source')
})

for (const [name, address] of Object.entries(pages)) {
  test(`${name} tells a newcomer what to do`, async ({ newcomer }) => {
    await open(newcomer, address)
    if (pagesOfData.has(name)) {
      await visible(newcomer.getByRole('main').getByRole('link', { name: 'Add files' }).first())
    }
    await inAllLooks(newcomer, `empty-${name}`)
  })
}

test('sign-in can be read by all, wide and small, light and dark', async ({ visitor }) => {
  await open(visitor, '/sign-in')
  await inAllLooks(visitor, 'sign-in')
})
