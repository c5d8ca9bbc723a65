// Everything that pages change, declared once, with what has to be asked again afterwards.

import { useMutation, useQueryClient, type QueryKey } from '@tanstack/react-query'

import { send } from './client'
import type * as Hunt from './hunting'
import { queries } from './queries'
import { noteSignedIn } from './session'
import type * as Api from './types'

const part = encodeURIComponent

/** A change; afterwards the queries whose keys begin with one of `asksAgain` are asked again. */
function useChange<Given, Answer>(change: (given: Given) => Promise<Answer>, asksAgain: QueryKey[]) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: change,
    onSuccess: () => Promise.all(asksAgain.map((queryKey) => client.invalidateQueries({ queryKey }))),
  })
}

const accounts: QueryKey[] = [['accounts']]
const jobs: QueryKey[] = [['jobs']]
const state: QueryKey[] = [['state']]

/** Decisions take effect with the next generation; until then the pages say that it is being built. */
const decisions: QueryKey[] = [['state'], ['generation']]

export function useSignIn() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (given: { name: string; password: string }) => send<Api.Session>('POST', '/session', given),
    onSuccess: (session) => {
      noteSignedIn(true)
      client.clear()
      client.setQueryData(queries.session().queryKey, session)
    },
  })
}

export function useSignOut() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => send<void>('DELETE', '/session'),
    onSuccess: () => {
      noteSignedIn(false)
      client.clear()
      client.setQueryData(queries.session().queryKey, null)
    },
  })
}

export const useChangePassword = () =>
  useChange(
    (given: { current: string; new: string }) => send<void>('PUT', '/session/password', given),
    [['session']],
  )

export const useAddUser = () =>
  useChange(
    (given: { name: string; role: Api.Role; password?: string }) => send<Api.NewUser>('POST', '/users', given),
    accounts,
  )

export const useChangeUser = () =>
  useChange(
    ({ name, ...change }: { name: string; role?: Api.Role; is_disabled?: boolean; password?: string }) =>
      send<Api.User>('PATCH', `/users/${part(name)}`, change),
    accounts,
  )

export const useRemoveUser = () =>
  useChange((name: string) => send<void>('DELETE', `/users/${part(name)}`), accounts)

export const useAddToken = () =>
  useChange(
    (given: { name: string; role: Api.Role; expires_in_days: number }) =>
      send<Api.NewToken>('POST', '/tokens', given),
    accounts,
  )

export const useRemoveToken = () =>
  useChange((id: string) => send<void>('DELETE', `/tokens/${part(id)}`), accounts)

export const useChangeSetting = () =>
  useChange(
    ({ id, value }: { id: string; value: boolean | number | null }) =>
      send<Api.Pending>('PUT', `/settings/${part(id)}`, { value }),
    [['settings'], ...state],
  )

export const useBuild = () => useChange(() => send<Api.Job>('POST', '/generations'), [...jobs, ...state])

export const useCancelJob = () => useChange((id: string) => send<void>('DELETE', `/jobs/${part(id)}`), jobs)

export const useRemoveSource = () =>
  useChange(
    (id: number) => send<Api.SourceRemoved>('DELETE', `/sources/${part(id)}`),
    [['sources'], ...state],
  )

export const useWhatIf = () => useChange((given: Api.WhatIf) => send<Api.Job>('POST', '/what-if', given), jobs)

export const useSetCriticality = () =>
  useChange(
    ({ id, level }: { id: string; level: 'very-high' | 'high' | 'medium' | 'low' | 'none' | null }) =>
      send<Api.Pending>('PUT', `/assets/${part(id)}/criticality`, { level }),
    decisions,
  )

export const useSetApart = () =>
  useChange(
    ({ id, apart }: { id: string; apart: boolean }) =>
      send<Api.Pending>('PUT', `/assets/${part(id)}/apart`, { apart }),
    decisions,
  )

const savedQueries: QueryKey[] = [['hunting', '/hunting/queries']]
/** Stored functions and watchlists stand in the schema too. */
const storedFunctions: QueryKey[] = [['hunting', '/hunting/functions'], ['hunting', '/hunting/schema']]
const watchlists: QueryKey[] = [['hunting', '/hunting/watchlists']]

export const useSaveQuery = () =>
  useChange(
    ({ id, ...query }: Hunt.SavedQueryChange & { id?: number | undefined }) =>
      id === undefined
        ? send<Hunt.SavedQuery>('POST', '/hunting/queries', query)
        : send<Hunt.SavedQuery>('PUT', `/hunting/queries/${id}`, query),
    savedQueries,
  )

export const useDeleteQuery = () =>
  useChange(({ id }: Hunt.SavedQuery) => send<void>('DELETE', `/hunting/queries/${id}`), savedQueries)

export const useStoreFunction = () =>
  useChange(
    ({ name, ...given }: { name: string; declaration: string; description: string }) =>
      send<Hunt.StoredFunction>('PUT', `/hunting/functions/${part(name)}`, given),
    storedFunctions,
  )

export const useDeleteFunction = () =>
  useChange(
    ({ name }: Hunt.StoredFunction) => send<void>('DELETE', `/hunting/functions/${part(name)}`),
    storedFunctions,
  )

export const useStoreWatchlist = () =>
  useChange(
    ({ name, ...given }: { name: string; description: string; csv: string }) =>
      send<Hunt.Watchlist>('PUT', `/hunting/watchlists/${part(name)}`, given),
    watchlists,
  )

export const useDeleteWatchlist = () =>
  useChange(({ name }: Hunt.Watchlist) => send<void>('DELETE', `/hunting/watchlists/${part(name)}`), watchlists)

export const useClearHistory = () =>
  useChange(() => send<void>('DELETE', '/hunting/history'), [['hunting', '/hunting/history']])
