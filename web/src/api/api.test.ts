import { QueryClient } from '@tanstack/react-query'
import { afterEach, expect, test, vi } from 'vitest'

import { get, queryText, send } from './client'
import { takeGeneration, takeJob, withJob } from './live'
import { isNoGeneration, ProblemError } from './problem'
import { queries } from './queries'
import type { Job } from './types'

function answerWith(status: number, body: unknown, type = 'application/json') {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const answer = new Response(status === 204 ? null : text, { status, headers: { 'content-type': type } })
  return vi.spyOn(globalThis, 'fetch').mockResolvedValue(answer)
}

afterEach(() => vi.restoreAllMocks())

test('a query leaves out what is not set and joins lists', () => {
  expect(queryText({ q: '', offset: undefined, risk: ['critical', 'high'], limit: 50 })).toBe(
    '?risk=critical%2Chigh&limit=50',
  )
  expect(queryText({})).toBe('')
})

test('a problem document arrives as it was sent', async () => {
  answerWith(404, { type: '/problems/no-generation', title: 'Nothing yet.', status: 404, detail: 'Import a file.' })
  const error = await get('/overview').catch((it: unknown) => it)
  expect(isNoGeneration(error)).toBe(true)
  expect((error as ProblemError).problem.detail).toBe('Import a file.')
})

test('an answer that is no problem document is told with its status', async () => {
  answerWith(502, '<html>', 'text/html')
  await expect(get('/overview')).rejects.toMatchObject({ status: 502, message: 'The server answered with status 502.' })
})

test('a server that cannot be reached is told apart from one that refuses', async () => {
  vi.spyOn(globalThis, 'fetch').mockRejectedValue(new TypeError('Failed to fetch'))
  await expect(get('/overview')).rejects.toMatchObject({ status: 0, message: 'The server does not answer.' })
})

test('an answer without content is none', async () => {
  answerWith(204, '')
  await expect(send('DELETE', '/session')).resolves.toBeUndefined()
})

const job = (id: string, changes: Partial<Job> = {}): Job => ({
  id,
  kind: 'import',
  title: id,
  state: 'running',
  created_by: 'admin',
  created_at: '2026-11-21T12:00:00Z',
  progress: { phase: 'Reading', done_bytes: 0 },
  ...changes,
})

test('a job that is told of takes its place, or the first when it is new', () => {
  const page = { items: [job('b'), job('a')] }
  expect(withJob(page, job('a', { state: 'done' }))?.items.map((it) => `${it.id} ${it.state}`)).toEqual([
    'b running',
    'a done',
  ])
  expect(withJob(page, job('c'))?.items.map((it) => it.id)).toEqual(['c', 'b', 'a'])
  expect(withJob(undefined, job('c'))).toBeUndefined()
})

test('a job that is told of is known without asking', () => {
  const client = new QueryClient()
  takeJob(client, job('a', { state: 'done', ended_at: '2026-11-21T12:01:00Z' }))
  expect(client.getQueryData(queries.job('a').queryKey)?.state).toBe('done')
})

test('a new generation makes old what was computed, and leaves the session', () => {
  const client = new QueryClient()
  const keys = [queries.overview().queryKey, queries.paths({}).queryKey, queries.session().queryKey]
  for (const key of keys) client.setQueryData(key as readonly unknown[], {})
  takeGeneration(client)
  expect(keys.map((key) => client.getQueryState(key as readonly unknown[])?.isInvalidated)).toEqual([true, true, false])
})

const stateOf = (generation: number | null) => ({
  generation,
  is_up_to_date: true,
  is_building: false,
  manifest_version: 1,
})

test('ids of assets are encoded as one part of the address', async () => {
  const asked = answerWith(200, {})
  const client = new QueryClient()
  client.setQueryData(queries.state().queryKey, stateOf(1))
  await client.fetchQuery(queries.asset('AZ/tenant:1?') as never)
  expect(asked.mock.calls[0]?.[0]).toBe('/api/v1/assets/AZ%2Ftenant%3A1%3F')
})

test('before the first import nothing is asked that could only be refused', async () => {
  const asked = answerWith(200, {})
  const client = new QueryClient()
  client.setQueryData(queries.state().queryKey, stateOf(null))
  await expect(client.fetchQuery({ ...queries.overview(), retry: false } as never)).rejects.toSatisfy(isNoGeneration)
  expect(asked).not.toHaveBeenCalled()
})
