import { afterEach, describe, expect, test, vi } from 'vitest'

import type { HuntLine } from '@/api/hunting'

import { begun, Lines, runQuery, withLine } from './run'

const head: HuntLine = { table: { name: null, columns: [{ name: 'n', type: 'long' }], render: null } }
const summary: HuntLine = { summary: { rows: [2], partial: null, diagnostics: [], wall_ms: 3 } }

afterEach(() => vi.unstubAllGlobals())

test('lines end in any chunk', () => {
  const lines = new Lines()
  expect(lines.push('{"a":1}\n{"b"')).toEqual(['{"a":1}'])
  expect(lines.isCut).toBe(true)
  expect(lines.push(':2}\n\n')).toEqual(['{"b":2}'])
  expect(lines.isCut).toBe(false)
})

describe('a result', () => {
  const run: HuntLine = { run: { id: 'r', generation: 1, is_queued: true } }

  test('grows with each line', () => {
    const queued = withLine(begun('print 1', 0), run)
    expect(queued.state).toBe('queued')
    const done = [head, { rows: [[1]] }, { rows: [[2]] }, summary].reduce<typeof queued>(
      (it, line) => withLine(it, line as HuntLine),
      queued,
    )
    expect(done.state).toBe('done')
    expect(done.tables).toMatchObject([{ rows: [[1], [2]] }])
    expect(done.wallMs).toBe(3)
  })

  test('loses its rows when the query fails', () => {
    const failure = { kind: 'limit', message: 'too much', line: null, column: null, hint: null, diagnostics: [] } as const
    const failed = withLine(withLine(begun('', 0), head), { error: { ...failure, diagnostics: [] } })
    expect(failed).toMatchObject({ state: 'failed', tables: [], failure: { message: 'too much' } })
  })
})

const answered = (body: string, status = 200) =>
  vi.stubGlobal('fetch', vi.fn(() => Promise.resolve(new Response(body, { status }))))

async function ask() {
  const found: HuntLine[] = []
  await runQuery({ query: 'print 1' }, new AbortController().signal, (lines) => found.push(...lines))
  return found
}

describe('asking the server', () => {
  test('hands on every line', async () => {
    answered(`${[head, { rows: [[1], [2]] }, summary].map((it) => JSON.stringify(it)).join('\n')}\n`)
    expect(await ask()).toEqual([head, { rows: [[1], [2]] }, summary])
  })

  test('an answer without an end is a failure', async () => {
    answered(`${JSON.stringify(head)}\n`)
    expect((await ask()).at(-1)).toMatchObject({ error: { kind: 'failed' } })
  })

  test('a refusal is told as such', async () => {
    answered(JSON.stringify({ title: 'Too many.', status: 429, detail: 'Wait.' }), 429)
    await expect(ask()).rejects.toMatchObject({ problem: { title: 'Too many.', status: 429 } })
  })
})
