// The one place that speaks HTTP. Every failure leaves it as a ProblemError.

import { ProblemError, problemOf, unreachable } from './problem'

export const base = '/api/v1'

export type Query = Record<string, string | number | boolean | readonly string[] | undefined>

/** `?a=1&b=x,y`; what is undefined or empty is left out. */
export function queryText(query: Query) {
  const found = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    const text = Array.isArray(value) ? value.join(',') : String(value ?? '')
    if (text !== '') found.set(name, text)
  }
  const text = found.toString()
  return text === '' ? '' : `?${text}`
}

/** `path` begins with a slash; its parts are already encoded. */
export function get<Answer>(path: string, query: Query = {}, signal?: AbortSignal): Promise<Answer> {
  return answer<Answer>(path + queryText(query), signal ? { signal } : {})
}

export function send<Answer>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown) {
  if (body === undefined) return answer<Answer>(path, { method })
  const headers = { 'content-type': 'application/json' }
  return answer<Answer>(path, { method, headers, body: JSON.stringify(body) })
}

async function answer<Answer>(path: string, options: RequestInit): Promise<Answer> {
  let response: Response
  try {
    response = await fetch(base + path, { ...options, credentials: 'same-origin' })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ProblemError(unreachable)
  }
  if (response.status === 204) return undefined as Answer
  const body: unknown = await response.json().catch(() => undefined)
  if (!response.ok) throw new ProblemError(problemOf(response.status, body))
  return body as Answer
}
