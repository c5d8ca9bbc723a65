// Runs a query: the answer is a stream of lines, and what has come is shown while the rest is on its way.

import { base } from '@/api/client'
import type {
  HuntDiagnostic,
  HuntFailure,
  HuntLine,
  HuntPartial,
  HuntRender,
  HuntColumn,
  HuntRun,
  HuntValue,
} from '@/api/hunting'
import { ProblemError, problemOf, unreachable } from '@/api/problem'

export interface ResultTable {
  name: string | undefined
  columns: readonly HuntColumn[]
  render: HuntRender | undefined
  rows: readonly (readonly HuntValue[])[]
}

export type RunState = 'idle' | 'queued' | 'running' | 'done' | 'cancelled' | 'failed'

export interface RunResult {
  state: RunState
  query: string
  run: HuntRun | undefined
  tables: readonly ResultTable[]
  partial: HuntPartial | undefined
  diagnostics: readonly HuntDiagnostic[]
  /** The query is wrong, or took too much. */
  failure: HuntFailure | undefined
  /** The server refused, or did not answer. */
  problem: unknown
  /** `performance.now()` when it was sent. */
  startedAt: number
  wallMs: number | undefined
}

export const nothingRun: RunResult = {
  state: 'idle',
  query: '',
  run: undefined,
  tables: [],
  partial: undefined,
  diagnostics: [],
  failure: undefined,
  problem: undefined,
  startedAt: 0,
  wallMs: undefined,
}

export const begun = (query: string, startedAt: number): RunResult => ({
  ...nothingRun,
  state: 'running',
  query,
  startedAt,
})

export const isRunning = ({ state }: Pick<RunResult, 'state'>) => state === 'running' || state === 'queued'

/**
 * The result with one more line. Rows are added to the array that is there (there can be hundreds of thousands);
 * the table around them is a new one, so that a page that compares sees the change.
 */
export function withLine(result: RunResult, line: HuntLine): RunResult {
  if ('run' in line) return { ...result, run: line.run, state: line.run.is_queued ? 'queued' : 'running' }
  if ('table' in line) {
    const { name, columns, render } = line.table
    const table = { name: name ?? undefined, columns, render: render ?? undefined, rows: [] }
    return { ...result, state: 'running', tables: [...result.tables, table] }
  }
  if ('rows' in line) {
    const last = result.tables.at(-1)
    if (!last) throw new Error('rows came before their table')
    const rows = last.rows as (readonly HuntValue[])[]
    for (const row of line.rows) rows.push(row)
    return { ...result, tables: [...result.tables.slice(0, -1), { ...last, rows }] }
  }
  if ('summary' in line) {
    const { partial, diagnostics, wall_ms: wallMs } = line.summary
    return { ...result, state: 'done', partial: partial ?? undefined, diagnostics, wallMs }
  }
  const failure = line.error
  const state = failure.kind === 'cancelled' ? 'cancelled' : 'failed'
  // What has come before an error is of no use.
  return { ...result, state, tables: [], failure, diagnostics: failure.diagnostics }
}

/** Splits chunks of text into lines, whose ends may lie in any chunk. */
export class Lines {
  private rest = ''

  /** The lines that this chunk completes; empty ones are keep-alives. */
  push(chunk: string): string[] {
    const parts = (this.rest + chunk).split('\n')
    this.rest = parts.pop() ?? ''
    return parts.filter((it) => it !== '')
  }

  /** True when the text ended within a line. */
  get isCut() {
    return this.rest !== ''
  }
}

const cut: HuntFailure = {
  kind: 'failed',
  message: 'the answer ended before it was whole',
  line: null,
  column: null,
  hint: 'run the query again; if it happens again, look at the log of the server',
  diagnostics: [],
}

/**
 * Sends a query and hands each line on, many at a time.
 *
 * @throws ProblemError when the server refuses; an AbortError when `signal` ends it.
 */
export async function runQuery(
  question: { query: string; as_of?: string },
  signal: AbortSignal,
  take: (lines: HuntLine[]) => void,
) {
  let response: Response
  try {
    response = await fetch(`${base}/hunting/run`, {
      method: 'POST',
      credentials: 'same-origin',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(question),
      signal,
    })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ProblemError(unreachable)
  }
  if (!response.ok || !response.body) {
    throw new ProblemError(problemOf(response.status, await response.json().catch(() => undefined)))
  }
  const lines = new Lines()
  const decoder = new TextDecoder()
  const reader = response.body.getReader()
  let isWhole = false
  for (;;) {
    // eslint-disable-next-line no-await-in-loop -- each chunk comes after the one before
    const { done, value } = await reader.read()
    if (done) break
    const read = lines.push(decoder.decode(value, { stream: true })).map((it) => JSON.parse(it) as HuntLine)
    isWhole ||= read.some((it) => 'summary' in it || 'error' in it)
    if (read.length > 0) take(read)
  }
  if (!isWhole || lines.isCut) take([{ error: cut }])
}
