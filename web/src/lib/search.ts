// The URL is the state: what a page shows is in its search parameters, so that it can be linked to.
//
// Parameters are plain text, as people type them: `?risk=critical,high&offset=50`. A page declares what it
// understands with `searchOf`; what is missing, empty or not understood is left out, never an error.

import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback } from 'react'

import { queryText, type Query } from '@/api/client'

type Field<Value> = (raw: unknown) => Value | undefined

export const text: Field<string> = (raw) => (typeof raw === 'string' && raw.trim() !== '' ? raw : undefined)

export const count: Field<number> = (raw) => {
  const value = typeof raw === 'string' || typeof raw === 'number' ? Number(raw) : Number.NaN
  return Number.isSafeInteger(value) && value > 0 ? value : undefined
}

export const flag: Field<true> = (raw) => (raw === 'true' || raw === true ? true : undefined)

export function oneOf<const Value extends string>(allowed: readonly Value[]): Field<Value> {
  return (raw) => allowed.find((it) => it === raw)
}

/** In the order of `allowed`, so that equal choices have equal addresses. */
export function someOf<const Value extends string>(allowed: readonly Value[]): Field<Value[]> {
  return (raw) => {
    const given = parts(raw)
    const found = allowed.filter((it) => given.includes(it))
    return found.length > 0 ? found : undefined
  }
}

/** Values that only the server knows, such as kinds. */
export const some: Field<string[]> = (raw) => {
  const given = parts(raw).filter((it): it is string => typeof it === 'string' && it !== '')
  return given.length > 0 ? given : undefined
}

function parts(raw: unknown): unknown[] {
  if (Array.isArray(raw)) return raw
  return typeof raw === 'string' ? raw.split(',') : []
}

/** What every list understands. */
export const listFields = { q: text, sort: text, offset: count, limit: count }

type SearchOf<Fields extends Record<string, Field<unknown>>> = {
  [Name in keyof Fields]?: Exclude<ReturnType<Fields[Name]>, undefined>
}

/** For `validateSearch` of a route. */
export function searchOf<Fields extends Record<string, Field<unknown>>>(fields: Fields) {
  return (raw: Record<string, unknown>): SearchOf<Fields> => {
    const found: Record<string, unknown> = {}
    for (const [name, field] of Object.entries(fields)) {
      const value = field(raw[name])
      if (value !== undefined) found[name] = value
    }
    return found as SearchOf<Fields>
  }
}

/** For the router: plain text in, plain text out. */
export const parseSearch = (searchText: string) => Object.fromEntries(new URLSearchParams(searchText))
export const stringifySearch = (search: Query) => queryText(search).replaceAll('%2C', ',')

/**
 * The search parameters of the page, and how to change them; `undefined` takes one out. A change other than
 * of `offset` goes back to the first page. Changes replace the entry in the history of the browser, so that
 * Back leaves the page.
 */
export function useUrl<Search extends object>(validate: (raw: Record<string, unknown>) => Search) {
  const search = validate(useSearch({ strict: false }))
  const navigate = useNavigate()
  const change = useCallback(
    (changes: { [Name in keyof Search]?: Search[Name] | undefined }) =>
      void navigate({
        to: '.',
        replace: true,
        resetScroll: false,
        search: ((old: Record<string, unknown>) => ({ ...old, offset: undefined, ...changes })) as never,
      }),
    [navigate],
  )
  return [search, change] as const
}
