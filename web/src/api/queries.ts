// Every question that pages ask, declared once. A number that stands on two pages comes from one query.
//
// The first part of a key says what the answer depends on: `generation` is asked again when a new generation
// is there, `sources` and `accounts` when somebody changes them (see mutations.ts and live.ts).

import { keepPreviousData, queryOptions, type QueryFunctionContext } from '@tanstack/react-query'

import { get, type Query } from './client'
import { isProblem, nothingImported, ProblemError } from './problem'
import { mayBeSignedIn, noteSignedIn } from './session'
import type * as Hunt from './hunting'
import type * as Api from './types'

const part = encodeURIComponent

/**
 * Before anything was imported there is nothing to ask: every question would be refused, and each refusal stands as
 * an error in the console of the browser. The state says so beforehand; events keep it true.
 */
async function getOfGeneration<Answer>(path: string, query: Query, { client, signal }: QueryFunctionContext) {
  const state = await client.ensureQueryData(one<Api.State>('state', '/state'))
  if (!isNumber(state.generation)) throw new ProblemError(nothingImported)
  return get<Answer>(path, query, signal)
}

const isNumber = (value: unknown) => typeof value === 'number'

function ofGeneration<Answer>(path: string, query: Query = {}) {
  return queryOptions({
    ...oneOfGeneration<Answer>(path, query),
    // A list keeps its rows on the screen until the next page of it is there.
    placeholderData: keepPreviousData,
  })
}

function oneOfGeneration<Answer>(path: string, query: Query = {}) {
  return queryOptions({
    queryKey: ['generation', path, query] as const,
    queryFn: (context) => getOfGeneration<Answer>(path, query, context),
  })
}

function one<Answer>(group: string, path: string, query: Query = {}) {
  return queryOptions({
    queryKey: [group, path, query] as const,
    queryFn: ({ signal }) => get<Answer>(path, query, signal),
  })
}

export interface ListQuery {
  offset?: number | undefined
  limit?: number | undefined
  sort?: string | undefined
}

export interface PathsQuery extends ListQuery {
  scenario?: string | undefined
  basis?: readonly string[] | undefined
  risk?: readonly string[] | undefined
  status?: readonly string[] | undefined
  entry?: string | undefined
  target?: string | undefined
  through?: string | undefined
  technique?: string | undefined
  q?: string | undefined
}

export interface ExposedQuery {
  basis?: readonly string[] | undefined
  offset?: number | undefined
  limit?: number | undefined
}

export interface EntriesQuery extends ListQuery {
  basis?: readonly string[] | undefined
  q?: string | undefined
}

export interface AssetsQuery extends ListQuery {
  view: Api.AssetView
  q?: string | undefined
  kind?: readonly string[] | undefined
  criticality?: readonly string[] | undefined
  boundary?: string | undefined
  state?: readonly string[] | undefined
}

export interface EdgesQuery extends ListQuery {
  direction?: 'in' | 'out' | undefined
  kind?: 'step' | 'reported' | undefined
  technique?: string | undefined
}

export interface AuditQuery extends ListQuery {
  actor?: string | undefined
  verb?: string | undefined
}

export const queries = {
  /** Null when nobody is signed in. */
  session: () =>
    queryOptions({
      queryKey: ['session'] as const,
      queryFn: async ({ signal }) => {
        // A first visit need not ask, and every refusal is an error in the console of the browser.
        if (!mayBeSignedIn()) return null
        try {
          return await get<Api.Session>('/session', {}, signal)
        } catch (error) {
          if (!isProblem(error, 401)) throw error
          noteSignedIn(false)
          return null
        }
      },
      staleTime: Number.POSITIVE_INFINITY,
    }),

  users: () => one<Api.UserPage>('accounts', '/users'),
  tokens: () => one<Api.TokenPage>('accounts', '/tokens'),
  audit: (query: AuditQuery = {}) => ({
    ...one<Api.AuditPage>('accounts', '/audit', { ...query }),
    placeholderData: keepPreviousData,
  }),
  auditCheck: () => one<Api.AuditCheck>('accounts', '/audit/check'),
  settings: () => one<Api.SettingPage>('settings', '/settings'),
  about: () => one<Api.About>('about', '/about'),

  /** Kept live by events. */
  state: () => one<Api.State>('state', '/state'),
  /** Kept live by events. */
  jobs: () => one<Api.JobPage>('jobs', '/jobs', { limit: 50 }),
  /** Kept live by events. */
  job: (id: string) => one<Api.Job>('jobs', `/jobs/${part(id)}`),
  generations: (limit = 90) => one<Api.GenerationPage>('generation', '/generations', { limit }),

  overview: () => oneOfGeneration<Api.Overview>('/overview'),
  changes: () => oneOfGeneration<Api.ChangesReport>('/changes'),

  sources: () => one<Api.SourcePage>('sources', '/sources'),
  source: (id: string | number) => one<Api.SourceReport>('sources', `/sources/${part(id)}`),
  rejects: (id: string | number, query: ListQuery = {}) => ({
    ...one<Api.RejectPage>('sources', `/sources/${part(id)}/rejects`, { ...query }),
    placeholderData: keepPreviousData,
  }),
  coverage: () => oneOfGeneration<Api.CoverageReport>('/coverage'),

  scenarios: () => oneOfGeneration<Api.ScenarioPage>('/scenarios'),
  paths: (query: PathsQuery = {}) => ofGeneration<Api.PathPage>('/paths', { ...query }),
  path: (id: string) => oneOfGeneration<Api.PathReport>(`/paths/${part(id)}`),
  step: (id: string) => oneOfGeneration<Api.StepReport>(`/steps/${part(id)}`),
  exposedCriticalAssets: (query: ExposedQuery = {}) =>
    ofGeneration<Api.ExposedCriticalAssets>('/exposed-critical-assets', { ...query }),
  entryPoints: (query: EntriesQuery = {}) => ofGeneration<Api.EntryPage>('/entry-points', { ...query }),
  targets: (query: ListQuery = {}) => ofGeneration<Api.TargetPage>('/targets', { ...query }),
  chokePoints: (query: ListQuery = {}) => ofGeneration<Api.ChokePointPage>('/choke-points', { ...query }),
  blastRadius: (id: string, limit = 50) =>
    oneOfGeneration<Api.BlastReport>(`/assets/${part(id)}/blast-radius`, { limit }),
  widestBlastRadius: (limit = 20) => oneOfGeneration<Api.BlastPage>('/blast-radius', { limit }),
  techniques: () => oneOfGeneration<Api.TechniquePage>('/techniques'),
  technique: (id: string) => oneOfGeneration<Api.TechniqueRow>(`/techniques/${part(id)}`),

  assets: (query: AssetsQuery) => ofGeneration<Api.AssetPage>('/assets', { ...query }),
  asset: (id: string) => oneOfGeneration<Api.AssetReport>(`/assets/${part(id)}`),
  assetEdges: (id: string, query: EdgesQuery = {}) =>
    ofGeneration<Api.EdgePage>(`/assets/${part(id)}/edges`, { ...query }),
  assetFindings: (id: string, query: ListQuery = {}) =>
    ofGeneration<Api.FindingPage>(`/assets/${part(id)}/findings`, { ...query }),

  search: (q: string, limit = 10) => ofGeneration<Api.SearchPage>('/search', { q, limit }),

  /** Its tables change with nothing but the version; stored functions are part of it. */
  huntSchema: () => ({ ...one<Hunt.HuntSchema>('hunting', '/hunting/schema'), staleTime: 60_000 }),
  huntExamples: () => ({ ...one<Hunt.HuntExamples>('hunting', '/hunting/examples'), staleTime: Number.POSITIVE_INFINITY }),
  huntHistory: () => one<Hunt.HuntHistory>('hunting', '/hunting/history'),
  savedQueries: () => one<Hunt.SavedQueries>('hunting', '/hunting/queries'),
  storedFunctions: () => one<Hunt.StoredFunctions>('hunting', '/hunting/functions'),
  watchlists: () => one<Hunt.Watchlists>('hunting', '/hunting/watchlists'),
}
