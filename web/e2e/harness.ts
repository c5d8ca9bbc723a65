// What every end-to-end test gets. Locators go by role and label, as people and screen readers find things.
//
// At the end of each test, by itself: no request went to another host, nothing stands in the console of the
// browser, and axe finds nothing serious on what is then on the screen.

import { mkdir } from 'node:fs/promises'
import path from 'node:path'

import { AxeBuilder } from '@axe-core/playwright'
import { chromium, type Browser, type BrowserContextOptions, type Locator, type Page } from 'playwright-core'
import { expect, inject, test as base } from 'vitest'

export { expect } from 'vitest'
export type { Locator, Page } from 'playwright-core'

export const server = inject('server')

export const wide = { width: 1440, height: 900 }
export const small = { width: 800, height: 1000 }

/** What a test expects to go wrong, such as a sign-in that is refused. */
export interface Allowed {
  consoleErrors: RegExp[]
}

interface Fixtures {
  browser: Browser
  allowed: Allowed
  /** Signed in as administrator, at the overview. */
  page: Page
  /** Signed in as administrator, nowhere yet. */
  blank: Page
  /** Not signed in, nowhere yet. */
  visitor: Page
  /** Signed in as administrator where nothing was imported, nowhere yet. */
  newcomer: Page
}

export const test = base.extend<Fixtures>({
  browser: [
    // eslint-disable-next-line no-empty-pattern -- vitest reads the names of what a fixture needs
    async ({}, use) => {
      const browser = await chromium.connect(inject('browser'))
      await use(browser)
      await browser.close()
    },
    { scope: 'file' },
  ],
  // eslint-disable-next-line no-empty-pattern -- as above
  allowed: async ({}, use) => use({ consoleErrors: [] }),
  page: async ({ browser, allowed }, use) => {
    await watched(browser, allowed, { storageState: JSON.parse(inject('signedIn')) }, async (page) => {
      await open(page, '/')
      await use(page)
    })
  },
  blank: async ({ browser, allowed }, use) =>
    watched(browser, allowed, { storageState: JSON.parse(inject('signedIn')) }, use),
  visitor: async ({ browser, allowed }, use) => watched(browser, allowed, {}, use),
  newcomer: async ({ browser, allowed }, use) => {
    const signedIn = { baseURL: inject('empty').url, storageState: JSON.parse(inject('signedInToEmpty')) }
    await watched(browser, allowed, signedIn, use)
  },
})

async function watched(
  browser: Browser,
  allowed: Allowed,
  options: BrowserContextOptions,
  use: (page: Page) => Promise<void>,
) {
  const context = await browser.newContext({ baseURL: server.url, viewport: wide, colorScheme: 'light', ...options })
  const page = await context.newPage()
  const home = options.baseURL ?? server.url
  const foreign: string[] = []
  const errors: string[] = []
  context.on('request', (request) => {
    const { origin, protocol } = new URL(request.url())
    if (protocol.startsWith('http') && origin !== home) foreign.push(request.url())
  })
  page.on('pageerror', (error) => errors.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(`${message.text()} (${message.location().url})`)
  })
  await use(page)
  if (examined.get(page) !== page.url()) await expectNoSeriousAxe(page)
  await context.close()
  expect(foreign, 'requests to other hosts').toEqual([])
  const unexpected = errors.filter((it) => !allowed.consoleErrors.some((pattern) => pattern.test(it)))
  expect(unexpected, 'errors in the console of the browser').toEqual([])
}

/** Goes to an address and waits until the page is there: its heading, and nothing that is still loading. */
export async function open(page: Page, address: string) {
  await page.goto(address)
  await settled(page)
}

export async function settled(page: Page) {
  await page.getByRole('heading', { level: 1 }).first().waitFor()
  await expect.poll(() => page.locator('[aria-busy="true"], [role="progressbar"]').count(), { timeout: 20_000 }).toBe(0)
}

export const visible = (locator: Locator) => locator.waitFor({ state: 'visible' })

export const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { level: 1, name })

/** What axe has seen in all looks when a test ends is not examined a fifth time. */
const examined = new WeakMap<Page, string>()

/** What a theme can change. Everything else is the same in light and dark. */
const rulesOfColours = ['color-contrast', 'link-in-text-block']

/** Nothing that keeps people out, by the rules of WCAG 2.2 A and AA. */
export async function expectNoSeriousAxe(page: Page, { onlyColours = false } = {}) {
  const axe = new AxeBuilder({ page })
    // Fluent's own marks at the ends of a dialog: who tabs onto one is sent on before noticing.
    .exclude('[data-tabster-dummy]')
    // There are no frames, so the findings need no second page to be put together.
    .setLegacyMode()
  if (onlyColours) axe.withRules(rulesOfColours)
  else axe.withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
  const { violations } = await axe.analyze()
  const found = violations
    .filter((it) => it.impact === 'serious' || it.impact === 'critical')
    .map((it) => `${it.id}: ${it.help}: ${it.nodes.map((node) => node.html.slice(0, 200)).join(' | ')}`)
  expect(found, `axe at ${page.url()}`).toEqual([])
}

/** The page must not scroll sideways: on a small screen that hides things. */
export async function expectNoSidewaysScroll(page: Page) {
  const [content, screen] = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement
    return [scrollWidth, clientWidth] as const
  })
  expect(content, `width of ${page.url()}`).toBeLessThanOrEqual(screen)
}

/**
 * Looks at the page wide and small, light and dark: nothing serious for axe, nothing cut off. Keeps pictures in the
 * folder POSTERN_SCREENSHOTS when it is set.
 */
export async function inAllLooks(page: Page, name: string) {
  const folder = process.env.POSTERN_SCREENSHOTS
  if (folder) await mkdir(folder, { recursive: true })
  for (const viewport of [wide, small]) {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize(viewport)
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await settled(page)
      if (folder) {
        const file = path.join(folder, `${name}-${viewport.width}-${colorScheme}.png`)
        await page.screenshot({ path: file, fullPage: true })
      }
      await expectNoSidewaysScroll(page)
      await expectNoSeriousAxe(page, { onlyColours: colorScheme === 'dark' })
    }
  }
  examined.set(page, page.url())
}
