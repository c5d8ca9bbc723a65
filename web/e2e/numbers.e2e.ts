// A number that stands on two pages is the same number. docs/guides/numbers.md names the query behind each.

import { expect, open, settled, test, visible, type Page } from './harness'

const digits = (text: string) => Number(text.replaceAll(/\D/g, ''))

/** Pages are compared within one generation: what the tests of other files have changed has to be built first. */
async function upToDate(page: Page) {
  const state = async () => (await page.request.get('/api/v1/state')).json() as Promise<{ is_up_to_date: boolean }>
  await expect.poll(async () => (await state()).is_up_to_date, { timeout: 30_000 }).toBe(true)
  await open(page, '/')
}

/** The first number of a tile of the overview, and all numbers of its note. */
async function tile(page: Page, name: string) {
  const words = await page.getByRole('group', { name }).innerText()
  return (words.replaceAll(',', '').match(/\d+/g) ?? []).map(Number)
}

/** What the regions of a list say they hold, one after the other: `12 targets`. */
async function counts(page: Page) {
  const found = await page.getByRole('tabpanel').getByRole('region').getByRole('status').allInnerTexts()
  return found.filter((it) => it.trim() !== '').map(digits)
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, it) => total + it, 0)

test('targets exposed are the targets with a path', async ({ page }) => {
  await upToDate(page)
  const [reached, total] = await tile(page, 'Targets exposed')
  await page.getByRole('link', { name: 'Targets exposed' }).click()
  await settled(page)
  const table = page.getByRole('table', { name: 'Targets' })
  await expect.poll(() => counts(page)).toEqual([total])
  expect(await table.getByRole('row').count()).toBe(1 + total!)
  const paths = await table.getByRole('row').locator('td:last-child').allInnerTexts()
  expect(paths.filter((it) => digits(it) > 0).length).toBe(reached)
})

test('paths, scenarios and critical paths are those of the lists', async ({ page }) => {
  await upToDate(page)
  const [scenarios, paths] = await tile(page, 'Scenarios')
  const [critical] = await tile(page, 'Paths of critical risk')
  await open(page, '/attack-paths')
  const listed = page.getByRole('tabpanel').getByRole('list').getByRole('listitem')
  await expect.poll(() => listed.count()).toBe(scenarios)
  await open(page, '/attack-paths?view=paths')
  await expect.poll(async () => sum(await counts(page))).toBe(paths)
  await open(page, '/attack-paths?view=paths&risk=critical')
  await expect.poll(async () => sum(await counts(page))).toBe(critical)
})

test('observed entry points are those of the list that have a path', async ({ page }) => {
  await upToDate(page)
  const [observed, inferred, assumed] = await tile(page, 'Observed entry points')
  for (const [basis, expected] of [
    ['observed', observed],
    ['inferred', inferred],
    ['assumed', assumed],
  ] as const) {
    // Together the groups show their first rows only.
    await open(page, `/attack-paths?view=entries&basis=${basis}`)
    const table = page.getByRole('table', { name: `Entry points: ${basis} entries` })
    const withPaths = table.getByRole('row').getByRole('link', { name: /^[\d,]+$/ })
    await expect.poll(() => withPaths.count(), { message: basis }).toBe(expected)
  }
})

test('exposed critical assets are those of their lists', async ({ page }) => {
  await upToDate(page)
  const [exposed] = await tile(page, 'Exposed critical assets')
  let listed = 0
  for (const basis of ['observed', 'inferred', 'assumed']) {
    // Together the groups show their first rows only.
    await open(page, `/attack-paths?view=exposed&basis=${basis}`)
    const found = page.getByRole('status').filter({ hasText: /^[\d,]+ exposed critical asset/ })
    await visible(found)
    const number = digits(await found.innerText())
    const rows = page.getByRole('list', { name: /^Exposed critical assets/ }).locator(':scope > li')
    await expect.poll(() => rows.count(), { message: basis }).toBe(number)
    listed += number
  }
  expect(listed).toBe(exposed)
})

test('what changed is counted alike in short and in full', async ({ page }) => {
  await upToDate(page)
  const read = async (name: string) => {
    const region = page.getByRole('region', { name })
    const terms = await region.getByRole('term').allInnerTexts()
    const values = await region.getByRole('definition').allInnerTexts()
    return Object.fromEntries(terms.map((term, at) => [term, values[at]]))
  }
  const short = await read('What changed')
  expect(Object.keys(short)).toHaveLength(5)
  await open(page, '/changes')
  await expect.poll(() => read('Since generation')).toEqual(short)
})

test('paths through an asset are as many on its page as in the list of paths', async ({ page }) => {
  await upToDate(page)
  await open(page, '/devices?sort=-paths')
  const row = page.getByRole('table', { name: 'Devices' }).getByRole('row').nth(1)
  const cells = await row.getByRole('cell').allInnerTexts()
  await row.getByRole('link').first().click()
  await settled(page)
  const [paths] = await tile(page, 'Attack paths')
  expect(cells.map((it) => it.trim())).toContain(String(paths))
  const asset = new URL(page.url()).pathname.split('/').at(-1)!
  await open(page, `/attack-paths?through=${asset}`)
  await expect.poll(async () => sum(await counts(page))).toBe(paths)
})

test('gaps are counted on the overview as they are listed on coverage', async ({ page }) => {
  await upToDate(page)
  const words = await page.getByRole('region', { name: 'How fresh this is' }).getByRole('link', { name: /gap/ }).innerText()
  await open(page, '/coverage')
  const table = page.getByRole('table', { name: 'What could not be evaluated' })
  await expect.poll(async () => (await table.getByRole('row').count()) - 1).toBe(digits(words))
})
