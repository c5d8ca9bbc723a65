// From scenarios to the evidence of a step, and what would be without it. The stories are those of docs/demo.md.

import { expect, heading, inAllLooks, open, settled, small, test, visible, wide, type Page } from './harness'

const forest = 'control plane of forest ALDERMOOR.EXAMPLE'

/** A path of the list between two ends, by parts of their names. */
const pathLink = (page: Page, entry: string, target: string) =>
  page.getByRole('link', { name: new RegExp(`${entry}.*→.*${target}`, 'i') })

async function openPath(page: Page, entry: string, target: string) {
  await open(page, `/attack-paths?view=paths&q=${encodeURIComponent(entry)}`)
  await pathLink(page, entry, target).first().click()
  await visible(heading(page, new RegExp(entry, 'i')))
  await settled(page)
}

const query = (page: Page) => Object.fromEntries(new URL(page.url()).searchParams)

test('a path is found by its scenario', async ({ page }) => {
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Attack paths' }).click()
  await visible(heading(page, 'Attack paths'))
  await settled(page)
  const inferred = page.getByRole('list', { name: /scenarios: inferred entries/i })
  const scenario = inferred.getByRole('link').first()
  const title = await scenario.innerText()
  await scenario.click()
  await visible(page.getByRole('button', { name: `Take away the filter Scenario: ${title}` }))
  await settled(page)
  // All paths of a scenario begin alike, so only their group is shown.
  const rows = page.getByRole('table', { name: /inferred entries/i }).getByRole('row')
  expect(await rows.count()).toBeGreaterThan(1)
  expect(await page.getByRole('table', { name: /assumed entries/i }).count()).toBe(0)
  await rows.nth(1).getByRole('link').click()
  await visible(page.getByRole('link', { name: title }))
})

test('observed, inferred and assumed entries are never added together', async ({ page }) => {
  await open(page, '/attack-paths?view=paths')
  for (const basis of ['Observed', 'Inferred', 'Assumed']) {
    await visible(page.getByRole('region', { name: `${basis} entries` }))
  }
  const count = async (basis: string) => {
    const found = await page.getByRole('region', { name: `${basis} entries` }).getByRole('status').innerText()
    return Number(found.replaceAll(/\D/g, ''))
  }
  const inferred = await count('Inferred')
  expect(inferred).toBeGreaterThan(0)
  await open(page, '/attack-paths?view=paths&basis=inferred')
  expect(await page.getByRole('region', { name: 'Assumed entries' }).count()).toBe(0)
  expect(await count('Inferred')).toBe(inferred)
})

test('the address is the filter', async ({ page }) => {
  await open(page, '/attack-paths?view=paths')
  await page.getByRole('searchbox', { name: /search names of entries/i }).fill('lena')
  await expect.poll(() => query(page).q).toBe('lena')
  await settled(page)
  await page.getByRole('search', { name: 'Filters' }).getByRole('button', { name: 'Risk' }).click()
  await page.getByRole('menuitemcheckbox', { name: 'Critical' }).click()
  await page.keyboard.press('Escape')
  await expect.poll(() => query(page)).toEqual({ view: 'paths', q: 'lena', risk: 'critical' })
  await settled(page)
  const before = await page.getByRole('link', { name: /lena/i }).allInnerTexts()
  expect(before.length).toBeGreaterThan(0)
  await page.reload()
  await settled(page)
  expect(await page.getByRole('link', { name: /lena/i }).allInnerTexts()).toEqual(before)
  await page.getByRole('button', { name: 'Clear filters' }).click()
  await expect.poll(() => query(page)).toEqual({ view: 'paths' })
})

test('a step is opened by mouse and by arrow keys, and shows its evidence', async ({ page }) => {
  await openPath(page, 'lena', 'forest')
  const route = page.getByRole('figure', { name: /the route from lena/i })
  await visible(route)
  const steps = route.getByRole('button')
  await steps.first().click()
  await expect.poll(() => steps.first().getAttribute('aria-current')).toBe('step')
  const details = page.getByRole('region', { name: 'Details of the step' })
  await visible(details.getByRole('heading', { name: /^Step 1:/ }))
  const evidence = details.getByRole('list', { name: 'Evidence' })
  await visible(evidence.getByText('Reported relation').first())
  await visible(evidence.getByText(/Last seen/).first())
  await visible(evidence.getByText(/\.zip|\.json/).first())

  await page.keyboard.press('ArrowRight')
  await visible(details.getByRole('heading', { name: /^Step 2:/ }))
  expect(await steps.nth(1).evaluate((it) => it === document.activeElement)).toBe(true)
  const { step } = query(page)
  expect(step).toMatch(/^[0-9a-f]{32}$/)
  await page.reload()
  await settled(page)
  await visible(details.getByRole('heading', { name: /^Step 2:/ }))
  await inAllLooks(page, 'attack-path')
})

test('what a step is composed of is drawn, and its facts lead to their assets', async ({ page }) => {
  await openPath(page, 'svc_chatbot', 'SQLCUST01')
  const details = page.getByRole('region', { name: 'Details of the step' })
  const figure = details.getByRole('figure', { name: /from svc_chatbot.* to sqlcust01/i })
  await visible(figure)
  const assets = figure.getByRole('list', { name: 'Assets' }).getByRole('link')
  expect(await assets.count()).toBe(3)
  // The words beside the figure say the same.
  const facts = details.getByRole('list', { name: 'Facts' }).getByRole('listitem')
  expect(await facts.count()).toBe(2)
  await visible(facts.first().getByText('MemberOfLocalGroup'))
  await inAllLooks(page, 'composition')
  // On a small screen the figure scrolls by itself: who tabs to a box sees it.
  await page.setViewportSize(small)
  const isInView = async () => {
    await assets.last().focus()
    return assets.last().evaluate((it) => it.getBoundingClientRect().right <= document.documentElement.clientWidth)
  }
  await expect.poll(isInView).toBe(true)
  await page.setViewportSize(wide)
  await facts.first().getByRole('link', { name: /administrators/i }).click()
  await visible(heading(page, /administrators/i))
})

test('what would be without a step is tried out, and the path is gone', async ({ page }) => {
  await openPath(page, 'svc_rollout', 'SQLPAY01')
  await page.getByRole('checkbox', { name: 'Take step 1 out in a what-if' }).check()
  await page.getByRole('link', { name: 'What if the ticked step were gone' }).click()
  await visible(heading(page, 'What if'))
  const gone = page.getByRole('tab', { name: /^Gone/ })
  await gone.waitFor({ timeout: 50_000 })
  await gone.click()
  await visible(pathLink(page, 'svc_rollout', 'SQLPAY01'))
  await visible(page.getByRole('list', { name: 'Steps' }).getByRole('button', { name: /put .*svc_rollout.* back/i }))
  // The answer is kept, and the address leads to it.
  expect(query(page).run).toBeUndefined()
  await page.reload()
  await visible(pathLink(page, 'svc_rollout', 'SQLPAY01'))
  await inAllLooks(page, 'what-if-result')
})

test('a what-if of nothing cannot be tried, and says why', async ({ page }) => {
  await open(page, '/what-if')
  const run = page.getByRole('button', { name: 'Try it' })
  expect(await run.getAttribute('aria-disabled')).toBe('true')
  await run.focus()
  await visible(page.getByText('Choose something first.'))
  await page.getByRole('combobox', { name: 'Add an asset' }).fill('svc_rollout')
  await page.getByRole('option', { name: /svc_rollout/i }).first().click()
  await expect.poll(() => query(page).assets).toMatch(/^S-1-5-21-/)
  await expect.poll(() => run.getAttribute('aria-disabled')).toBeNull()
})

test('a choke point leads to the paths through it', async ({ page }) => {
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Choke points' }).click()
  await visible(heading(page, 'Choke points'))
  const points = page.getByRole('list', { name: /choke points, those that sever most first/i }).getByRole('listitem')
  await visible(points.first())
  const through = points
    .first()
    .getByRole('definition')
    .getByRole('link')
  const count = Number(await through.innerText())
  expect(count).toBeGreaterThan(0)
  await through.click()
  await visible(page.getByRole('button', { name: /take away the filter passes/i }))
  await settled(page)
  const counts = await page.getByRole('status').filter({ hasText: /path/ }).allInnerTexts()
  const total = counts.map((it) => Number(it.replaceAll(/\D/g, ''))).reduce((sum, it) => sum + it, 0)
  expect(total).toBe(count)
})

test('entry points and targets lead to their paths', async ({ page }) => {
  await open(page, '/attack-paths')
  await page.getByRole('tab', { name: 'Targets' }).click()
  await settled(page)
  const row = page.getByRole('row', { name: new RegExp(forest, 'i') })
  await row.getByRole('link', { name: /^\d+$/ }).click()
  await expect.poll(() => query(page).target).toMatch(/^plane:forest:/)
  await page.getByRole('tab', { name: 'Entry points' }).click()
  await expect.poll(() => query(page)).toEqual({ view: 'entries' })
  await settled(page)
  await visible(page.getByRole('region', { name: 'Assumed entries' }).getByRole('link', { name: /any user/i }).first())
  await page.getByRole('tab', { name: 'Exposed critical assets' }).click()
  await visible(page.getByRole('link', { name: /svc_veeam/i }))
})

test('how far an attacker gets from an asset is counted and listed', async ({ page }) => {
  await open(page, '/choke-points?view=blast-radius')
  await page.getByRole('table', { name: 'Entry points that lead furthest' }).getByRole('link').first().click()
  await visible(heading(page, /^Blast radius of/))
  await settled(page)
  await visible(page.getByRole('table', { name: 'Assets by kind' }).first())
  expect(await page.getByRole('list', { name: 'Targets reached' }).getByRole('listitem').count()).toBeGreaterThan(0)
  await inAllLooks(page, 'blast-radius')
})

test('a technique is found by its ATT&CK id and explained', async ({ page }) => {
  await open(page, '/techniques')
  await page.getByRole('searchbox', { name: 'Search techniques' }).fill('T1003.006')
  await page.getByRole('link', { name: 'Directory replication' }).click()
  await visible(heading(page, 'Directory replication'))
  await visible(page.getByRole('list', { name: 'How to close it' }))
  await inAllLooks(page, 'technique')
})

test('a path that is not there says so, and leads on', async ({ page, allowed }) => {
  allowed.consoleErrors.push(/404/)
  await open(page, `/attack-paths/${'0'.repeat(32)}`)
  await visible(page.getByRole('link', { name: 'Show the attack paths that are there' }))
})
