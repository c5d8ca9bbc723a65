// An asset: found by search, its facts with their sources, and what people decide about it.

import { expect, heading, inAllLooks, open, settled, test, visible, type Page } from './harness'

/** A build by an unoptimised binary takes its time. */
const buildMsMax = 120_000

const directory = /_computers\.json/
const scanner = /\.nessus/

const objects = (page: Page) => page.getByRole('region', { name: 'Objects it is made of' })

async function openFacts(page: Page) {
  await page.getByRole('tab', { name: 'All facts' }).click()
  await visible(objects(page))
}

/** A decision is told at once; what the page says of it goes by itself when the next generation is there. */
async function takesEffect(page: Page) {
  const pending = page.getByText('It takes effect with the next generation')
  await visible(pending)
  await pending.waitFor({ state: 'detached', timeout: buildMsMax })
  await settled(page)
}

async function setCriticality(page: Page, level: string) {
  await page.getByRole('button', { name: 'Set criticality' }).click()
  await page.getByRole('menuitemradio', { name: level, exact: true }).click()
  await takesEffect(page)
}

test('a merged device tells of every fact who says it, and its address is copied by keyboard', async ({ page }) => {
  await open(page, '/devices')
  await page.getByRole('searchbox', { name: 'Search names and ids' }).fill('web01.')
  await page.getByRole('link', { name: /WEB01/i }).first().click()
  await visible(heading(page, /WEB01/i))
  await openFacts(page)
  await visible(objects(page).getByText(directory))
  await visible(objects(page).getByText(scanner))
  // The directory knows the operating system, the scanner the address.
  const told = (by: RegExp) => page.getByRole('region', { name: by })
  await visible(told(directory).getByRole('term').getByText('operatingsystem', { exact: true }))
  await visible(told(scanner).getByRole('term').getByText('ip', { exact: true }))
  expect(await told(directory).getByRole('term').getByText('ip', { exact: true }).count()).toBe(0)
  const copy = page.getByRole('button', { name: 'Copy IP address' })
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await copy.focus()
  await page.keyboard.press('Enter')
  await visible(page.getByRole('button', { name: 'Copied' }))
  const address = await page.evaluate(() => navigator.clipboard.readText())
  await visible(told(scanner).getByRole('definition').getByText(address, { exact: true }).first())
  await inAllLooks(page, 'asset-facts')
})

test('a criticality set by hand shows with the next generation, and goes back', { timeout: 3 * buildMsMax }, async ({ page }) => {
  await open(page, '/devices?q=web01.')
  await page.getByRole('link', { name: /WEB01/i }).first().click()
  await visible(heading(page, /WEB01/i))
  await setCriticality(page, 'High')
  await visible(page.getByText(/^Criticality set by /))
  await setCriticality(page, 'As the rules say')
  expect(await page.getByText(/^Criticality set by /).count()).toBe(0)
})

test('a merged device is split and merged again', { timeout: 3 * buildMsMax }, async ({ page }) => {
  await open(page, '/devices?q=web01.')
  await page.getByRole('link', { name: /WEB01/i }).first().click()
  await visible(heading(page, /WEB01/i))
  await openFacts(page)
  const split = page.getByRole('button', { name: /^Split off: Host / })
  const host = (await split.getAttribute('aria-label'))?.replace('Split off: Host ', '') ?? ''
  await split.click()
  await takesEffect(page)
  expect(await objects(page).getByRole('listitem').count()).toBe(1)
  await open(page, `/assets/${encodeURIComponent(host)}?tab=facts`)
  await visible(objects(page).getByText(/^Split off by /))
  await page.getByRole('button', { name: /^Let it merge again: Host / }).click()
  await takesEffect(page)
  // The id of the object now leads to the device again.
  expect(await objects(page).getByRole('listitem').count()).toBe(2)
})
