// Once per run: the real binary with the demo organisation, and with nothing; one Chromium; one sign-in through the
// page of each.
//
//   POSTERN_BIN       the binary (default: target/debug/postern)
//   POSTERN_URL       a server that already runs, instead of starting one; then POSTERN_PASSWORD too
//   POSTERN_NAME      the name to sign in with (default: admin)
//   CHROMIUM          the browser (default: /usr/bin/chromium)

import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'

import { chromium, type BrowserServer } from 'playwright-core'
import type { TestProject } from 'vitest/node'

export interface Server {
  url: string
  name: string
  password: string
}

declare module 'vitest' {
  export interface ProvidedContext {
    server: Server
    browser: string
    /** Cookies and storage of the administrator, as JSON. */
    signedIn: string
    /** A server into which nothing was imported, and its administrator. */
    empty: Server
    signedInToEmpty: string
  }
}

/** The demo organisation is imported by an unoptimised binary. */
const startMsMax = 300_000
const stopMsMax = 10_000

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
]

export default async function setup(project: TestProject) {
  const started = process.env.POSTERN_URL ? undefined : await start('demo')
  let nothing: Started | undefined
  let browser: BrowserServer | undefined
  const stop = async () => {
    await browser?.close()
    await started?.stop()
    await nothing?.stop()
  }
  try {
    nothing = await start('serve')
    const server = started?.server ?? running(process.env.POSTERN_URL ?? '')
    browser = await chromium.launchServer({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: flags })
    project.provide('server', server)
    project.provide('browser', browser.wsEndpoint())
    project.provide('signedIn', await signIn(browser.wsEndpoint(), server))
    project.provide('empty', nothing.server)
    project.provide('signedInToEmpty', await signIn(browser.wsEndpoint(), nothing.server))
  } catch (error) {
    await stop()
    throw error
  }
  return stop
}

const administrator = process.env.POSTERN_NAME ?? 'admin'

function running(url: string): Server {
  const password = process.env.POSTERN_PASSWORD
  if (!password) throw new Error('POSTERN_URL is set, but POSTERN_PASSWORD is not')
  return { url: url.replace(/\/$/, ''), name: administrator, password }
}

interface Started {
  server: Server
  stop: () => Promise<void>
}

async function start(command: 'demo' | 'serve'): Promise<Started> {
  const binary = path.resolve(process.env.POSTERN_BIN ?? '../target/debug/postern')
  const data = await mkdtemp(path.join(os.tmpdir(), 'postern-e2e-'))
  const child = spawn(binary, [command, '--data', data, '--listen', '127.0.0.1:0'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const stop = async () => {
    await end(child)
    await rm(data, { recursive: true, force: true })
  }
  try {
    return { server: await ready(child, command), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Waits until the server has said where it listens and with which password. */
function ready(child: ChildProcess, command: string) {
  return new Promise<Server>((resolve, reject) => {
    let said = ''
    const fail = (why: string) => reject(new Error(`${why}; it said:\n${said}`))
    const timer = setTimeout(() => fail(`postern ${command} was not ready within ${startMsMax / 1000} s`), startMsMax)
    child.on('error', (error) => fail(error.message))
    child.on('exit', (code) => fail(`postern ${command} ended with ${code}`))
    const read = (text: Buffer) => {
      said += text.toString()
      const url = /listening on (http:\/\/\S+)/.exec(said)?.[1]
      const password = /administrator password: (\S+)/.exec(said)?.[1]
      if (!url || !password) return
      clearTimeout(timer)
      resolve({ url: url.replace(/\/$/, ''), name: administrator, password })
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
  })
}

async function end(child: ChildProcess) {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise<void>((resolve) => void child.once('exit', () => resolve()))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), stopMsMax)
  await ended
  clearTimeout(timer)
}

async function signIn(endpoint: string, { url, name, password }: Server) {
  const browser = await chromium.connect(endpoint)
  const page = await browser.newPage()
  await page.goto(url)
  await page.getByLabel('Name').fill(name)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('navigation', { name: 'Main' }).waitFor()
  const state = JSON.stringify(await page.context().storageState())
  await browser.close()
  return state
}
