// The frame around all pages: sign-in, navigation, theme, search, what is not there.

import { expect, expectNoSidewaysScroll, heading, open, server, settled, small, test, visible } from './harness'

test('a visitor signs in and arrives where they wanted to go', async ({ visitor }) => {
  await visitor.goto('/devices?q=dc')
  await visible(heading(visitor, 'Sign in to Postern'))
  await visitor.getByLabel('Name').fill(server.name)
  await visitor.getByLabel('Password').fill(server.password)
  await visitor.keyboard.press('Enter')
  await visible(heading(visitor, 'Devices'))
  expect(new URL(visitor.url()).search).toBe('?q=dc')
})

test('a wrong password is refused with what to do', async ({ visitor, allowed }) => {
  allowed.consoleErrors.push(/401/)
  await visitor.goto('/')
  await visitor.getByLabel('Name').fill(server.name)
  await visitor.getByLabel('Password').fill('not the password')
  await visitor.getByRole('button', { name: 'Sign in' }).click()
  await visible(visitor.getByRole('group').filter({ hasText: /password/i }))
  await visible(heading(visitor, 'Sign in to Postern'))
})

test('signing in never leads to another site', async ({ visitor }) => {
  await visitor.goto('/sign-in?to=//attacker.example/')
  await visitor.getByLabel('Name').fill(server.name)
  await visitor.getByLabel('Password').fill(server.password)
  await visitor.getByRole('button', { name: 'Sign in' }).click()
  await visible(heading(visitor, 'Overview'))
  expect(visitor.url()).toBe(`${server.url}/`)
})

test('the first Tab leads to a link that skips the navigation', async ({ page }) => {
  await page.keyboard.press('Tab')
  const skip = page.getByRole('link', { name: 'Skip to content' })
  await expect.poll(() => skip.evaluate((it) => it === document.activeElement)).toBe(true)
  await page.keyboard.press('Enter')
  await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe('MAIN')
})

test('going to another page by keyboard moves the focus to its heading and says so', async ({ page }) => {
  await page.getByRole('link', { name: 'Identities' }).focus()
  await page.keyboard.press('Enter')
  await visible(heading(page, 'Identities'))
  await expect.poll(() => heading(page, 'Identities').evaluate((it) => it === document.activeElement)).toBe(true)
  await expect.poll(() => page.title()).toBe('Identities · Postern')
  await expect.poll(() => page.getByRole('status').filter({ hasText: /^Identities$/ }).count()).toBe(1)
  const current = page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Identities' })
  expect(await current.getAttribute('aria-current')).toBe('page')
})

test('Ctrl+K goes to the search box, and Escape closes what it found', async ({ page }) => {
  await page.keyboard.press('Control+k')
  const box = page.getByRole('combobox', { name: /search assets/i })
  await expect.poll(() => box.evaluate((it) => it === document.activeElement)).toBe(true)
  await box.fill('choke')
  await visible(page.getByRole('option').first())
  await page.keyboard.press('Escape')
  await expect.poll(() => page.getByRole('option').count()).toBe(0)
})

test('the chosen theme stays', async ({ page }) => {
  await page.getByRole('button', { name: 'Theme' }).click()
  await page.getByRole('menuitemradio', { name: 'Dark' }).click()
  const scheme = () => page.evaluate(() => document.documentElement.style.colorScheme)
  await expect.poll(scheme).toBe('dark')
  await page.reload()
  await settled(page)
  expect(await scheme()).toBe('dark')
})

test('on a small screen the navigation is a drawer', async ({ page }) => {
  await page.setViewportSize(small)
  await page.getByRole('button', { name: 'Open navigation' }).click()
  await page.getByRole('dialog').getByRole('link', { name: 'Devices' }).click()
  await visible(heading(page, 'Devices'))
  await expect.poll(() => page.getByRole('dialog').count()).toBe(0)
  await expectNoSidewaysScroll(page)
})

test('an address that is not there says so and leads home', async ({ page }) => {
  await open(page, '/no/such/page')
  await visible(heading(page, 'There is no such page'))
  await page.getByRole('link', { name: 'Go to the overview' }).click()
  await visible(heading(page, 'Overview'))
})

test('signing out ends the session', async ({ visitor }) => {
  // A session of its own: the others need theirs.
  await visitor.goto('/')
  await visitor.getByLabel('Name').fill(server.name)
  await visitor.getByLabel('Password').fill(server.password)
  await visitor.getByRole('button', { name: 'Sign in' }).click()
  await visitor.getByRole('button', { name: /^Account of/ }).click()
  await visitor.getByRole('menuitem', { name: 'Sign out' }).click()
  await visible(heading(visitor, 'Sign in to Postern'))
  await visitor.goto('/devices')
  await visible(heading(visitor, 'Sign in to Postern'))
})
