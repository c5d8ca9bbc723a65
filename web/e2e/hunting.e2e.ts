// A question from its first letter to its answer, and what people keep of it.

import { mkdtemp, readFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'

import { expect, heading, inAllLooks, open, settled, test, visible, type Page } from './harness'

const devices = 'ExposureGraphNodes\n| where NodeLabel == "device"\n| project NodeId, NodeName, CriticalityLevel, NodeProperties'

const address = (query: string, more = '') => `/hunting?q=${encodeURIComponent(query)}${more}`

const editor = (page: Page) => page.getByRole('textbox', { name: 'Query', exact: true })
const rows = (page: Page) => page.getByRole('grid').getByRole('row')
const param = (page: Page, name: string) => new URL(page.url()).searchParams.get(name)

/** Types as a person does: what is there is replaced. */
async function type(page: Page, text: string) {
  await editor(page).click()
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.press('Delete')
  await page.keyboard.type(text, { delay: 15 })
}

/** A list that has just opened takes no key, since it may come in between two letters. */
async function accept(page: Page) {
  await page.waitForTimeout(200)
  await page.keyboard.press('Enter')
  await page.waitForTimeout(100)
}

async function run(page: Page) {
  await page.keyboard.press('ControlOrMeta+Enter')
  await visible(page.getByRole('status').filter({ hasText: /rows? in/ }))
}

test('a query is typed with suggestions and run by keys', async ({ page }) => {
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Hunting' }).click()
  await visible(heading(page, 'Hunting'))
  await visible(editor(page))
  await type(page, 'ExposureGraphN')
  const suggestions = page.getByRole('listbox', { name: 'Suggestions' })
  await visible(suggestions.getByRole('option', { name: /ExposureGraphNodes/ }))
  await accept(page)
  await page.keyboard.type(' | where NodeLab', { delay: 15 })
  await visible(suggestions.getByRole('option', { name: /NodeLabel/ }))
  await accept(page)
  await page.keyboard.press('Escape')
  await page.keyboard.type(' == "user" | take 7', { delay: 15 })
  await page.keyboard.press('Escape')
  await run(page)
  await visible(page.getByRole('status').filter({ hasText: /^7 rows in/ }))
  await visible(page.getByRole('columnheader', { name: /NodeLabel/ }))
  expect(param(page, 'q')).toBe('ExposureGraphNodes | where NodeLabel == "user" | take 7')
})

test('a wrong name is underlined, and says what is wrong', async ({ page }) => {
  await open(page, address('ExposureGraphNodes\n| where NodeLable == "user"'))
  const wrong = page.locator('.cm-lintRange-error', { hasText: 'NodeLable' })
  await visible(wrong)
  await wrong.hover()
  await visible(page.getByText(/no column .NodeLable/).first())
  await page.getByRole('button', { name: 'Run query' }).click()
  await visible(page.getByText('The query was not run.'))
  await page.getByRole('button', { name: /line 2, column 9/ }).click()
  await expect.poll(() => editor(page).evaluate((it) => (it.getRootNode() as ShadowRoot).activeElement === it)).toBe(true)
})

test('rows are sorted, filtered, inspected and downloaded', async ({ page }) => {
  await open(page, address(devices, '&run=true&side=none'))
  await visible(rows(page).nth(5))
  await page.getByRole('columnheader', { name: /NodeName/ }).getByRole('button', { name: 'NodeName' }).click()
  await expect.poll(() => param(page, 'sort')).toBe('NodeName')
  const names = async () => (await rows(page).getByRole('gridcell').filter({ hasText: /EXAMPLE$/ }).allInnerTexts()).slice(0, 5)
  const sorted = await names()
  expect(sorted.length).toBeGreaterThan(2)
  expect(sorted).toEqual(sorted.toSorted((one, other) => one.localeCompare(other, 'en', { numeric: true, sensitivity: 'base' })))

  await page.getByRole('button', { name: 'Filters' }).click()
  await page.getByLabel('Filter NodeName').fill('dc0')
  await expect.poll(() => param(page, 'filter')).toBe('NodeName:dc0')
  await expect.poll(async () => (await names()).every((it) => /dc0/i.test(it))).toBe(true)
  const count = (await names()).length

  const waiting = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Download' }).click()
  await page.getByRole('menuitem', { name: 'CSV' }).click()
  const folder = await mkdtemp(path.join(os.tmpdir(), 'postern-hunting-'))
  const file = path.join(folder, 'rows.csv')
  await (await waiting).saveAs(file)
  const lines = (await readFile(file, 'utf8')).trim().split('\r\n')
  expect(lines[0]).toBe('NodeId,NodeName,CriticalityLevel,NodeProperties')
  expect(lines.length - 1).toBe(count)

  const grid = page.getByRole('grid')
  await grid.focus()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  const inspector = page.getByRole('region', { name: 'Inspected row' })
  await visible(inspector)
  await visible(inspector.getByRole('button', { name: /rawData/ }))
  await page.keyboard.press('Escape')
  await expect.poll(() => inspector.count()).toBe(0)
})

test('the id of an asset leads to its page', async ({ page }) => {
  await open(page, address(`${devices} | take 1`, '&run=true&side=none'))
  await rows(page).nth(1).getByRole('link').click()
  await page.waitForURL(/\/assets\//)
  await settled(page)
  await visible(page.getByRole('tab', { name: 'Summary' }))
})

test('a link shows the same result in the same order', async ({ page }) => {
  await open(page, address(devices, '&run=true&side=none&sort=-NodeName&filter=NodeName%3Adc0'))
  await visible(rows(page).nth(2))
  const before = await rows(page).allInnerTexts()
  await page.reload()
  await visible(rows(page).nth(2))
  expect(await rows(page).allInnerTexts()).toEqual(before)
})

test('a query is saved, opened, and deleted with a way back', async ({ page }) => {
  const name = `Devices ${Date.now()}`
  await open(page, address('print kept = 1', '&side=saved'))
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByRole('dialog').getByLabel('Name').fill(name)
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  const saved = page.getByRole('button', { name: `Open ${name}` })
  await visible(saved)
  await type(page, 'print other = 2')
  await saved.click()
  await expect.poll(() => param(page, 'q')).toBe('print kept = 1')
  const remove = async () => {
    await page.getByRole('button', { name: `More about ${name}` }).click()
    await page.getByRole('menuitem', { name: 'Delete' }).click()
    await expect.poll(() => saved.count()).toBe(0)
  }
  await remove()
  await page.getByRole('button', { name: 'Undo' }).click()
  await visible(saved)
  await remove()
})

test('what was run is in the history', async ({ page }) => {
  const query = `print mark = ${Date.now()}`
  await open(page, address(query, '&side=history'))
  await page.getByRole('button', { name: 'Run query' }).click()
  await visible(page.getByRole('status').filter({ hasText: /^1 row in/ }))
  await visible(page.getByRole('button', { name: `Open again: ${query}` }))
})

test('a long query is cancelled', async ({ page }) => {
  // Each row with each other, three times: more than anybody waits for.
  const long = 'range x from 1 to 3000 step 1 | extend k = 1 | join kind=inner (range y from 1 to 3000 step 1 | extend k = 1) on k | join kind=inner (range z from 1 to 3000 step 1 | extend k = 1) on k | summarize sum(x * y * z)'
  await open(page, address(long))
  await page.getByRole('button', { name: 'Run query' }).click()
  await page.getByRole('button', { name: 'Cancel' }).click()
  await visible(page.getByText('Cancelled.'))
  await visible(page.getByRole('button', { name: 'Run query' }))
})

test('names go from the list of tables into the query', async ({ page }) => {
  await open(page, '/hunting')
  await page.getByRole('searchbox', { name: /search tables/i }).fill('Criticality')
  const columns = page.getByRole('list', { name: 'Columns of ExposureGraphNodes' })
  await visible(columns)
  await page.getByRole('button', { name: 'Insert ExposureGraphNodes' }).click()
  await columns.getByRole('button', { name: /CriticalityLevel/ }).click()
  await expect.poll(() => param(page, 'q')).toBe('ExposureGraphNodes CriticalityLevel')
})

test('an example is opened and drawn as its query asks', async ({ page }) => {
  await open(page, '/hunting?side=examples')
  await page.getByRole('button', { name: /What kinds of assets are there/ }).click()
  await visible(page.getByRole('figure', { name: 'Assets by kind' }))
  await page.getByRole('tab', { name: 'Table', exact: true }).click()
  await visible(page.getByRole('columnheader', { name: /NodeLabel/ }))
})

test('a result with two ends of edges is drawn as a graph', async ({ page }) => {
  await open(page, address('ExposureGraphEdges | where EdgeLabel == "can authenticate as" | take 20', '&run=true&side=none'))
  await page.getByRole('tab', { name: 'Graph' }).click()
  await visible(page.getByRole('figure', { name: 'Graph of the result' }))
  await page.getByRole('button', { name: 'Zoom in' }).click()
})

const looks = {
  'hunting-examples': '/hunting?side=examples',
  'hunting-table': address(`${devices} | take 200`, '&run=true'),
  'hunting-filtered': address(devices, '&run=true&side=none&filter=NodeName%3Adc0'),
  'hunting-chart': address('ExposureGraphNodes | summarize Nodes = count() by NodeLabel | render barchart', '&run=true'),
  'hunting-graph': address('ExposureGraphEdges | where EdgeLabel == "can authenticate as" | take 20', '&run=true&view=graph'),
  'hunting-error': address('ExposureGraphNodes | where NodeLable == 1', '&run=true'),
}

for (const [name, at] of Object.entries(looks)) {
  test(`${name} can be read by all, wide and small, light and dark`, async ({ blank }) => {
    await open(blank, at)
    await inAllLooks(blank, name)
  })
}
