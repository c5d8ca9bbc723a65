// Shapes of the hunting API, in the words of docs/openapi.json. Places in a text count as JavaScript counts: in
// UTF-16 units.

/** The types of the language. */
export type HuntType =
  | 'bool'
  | 'int'
  | 'long'
  | 'real'
  | 'decimal'
  | 'string'
  | 'datetime'
  | 'timespan'
  | 'guid'
  | 'dynamic'

export interface HuntColumn {
  name: string
  type: HuntType
}

/** A value of a row. Whole numbers beyond 2^53 are texts, and so are times and decimals. */
export type HuntValue = null | boolean | number | string | HuntValue[] | { [key: string]: HuntValue }

/** What `render` asks for. */
export interface HuntRender {
  chart: string
  properties: Record<string, string>
}

export interface HuntTableHead {
  name: string | null
  columns: HuntColumn[]
  render: HuntRender | null
}

export interface HuntDiagnostic {
  severity: 'error' | 'warning' | 'hint'
  code: string
  start: number
  end: number
  line: number
  column: number
  message: string
  hint: string | null
}

export interface HuntPartial {
  budget: string
  message: string
}

export interface HuntSummary {
  /** Rows of each table. */
  rows: number[]
  partial: HuntPartial | null
  diagnostics: HuntDiagnostic[]
  wall_ms: number
}

/** `kind`: the query is wrong, a limit was reached, somebody ended it, or the engine failed. */
export interface HuntFailure {
  kind: 'query' | 'limit' | 'cancelled' | 'failed'
  message: string
  line: number | null
  column: number | null
  hint: string | null
  diagnostics: HuntDiagnostic[]
}

export interface HuntRun {
  id: string
  generation: number
  /** Others are running; it waits for its turn. */
  is_queued: boolean
}

/** One line of the answer of `POST /hunting/run`. */
export type HuntLine =
  | { run: HuntRun }
  | { table: HuntTableHead }
  | { rows: HuntValue[][] }
  | { summary: HuntSummary }
  | { error: HuntFailure }

export interface HuntCompletion {
  label: string
  kind: string
  /** What is put in place of the text between `start` and `end`. */
  insert: string
  /** Such as the type of a column. */
  detail: string | null
  description: string | null
}

export interface HuntCompletions {
  start: number
  end: number
  items: HuntCompletion[]
}

export interface HuntDiagnostics {
  items: HuntDiagnostic[]
}

export interface HuntHover {
  start: number
  end: number
  /** As it would be declared: `CriticalityLevel: int`. */
  title: string
  description: string | null
}

export interface HuntHovers {
  item: HuntHover | null
}

export interface HuntSchemaColumn {
  name: string
  type: HuntType
  description: string | null
}

export interface HuntSchemaTable {
  name: string
  description: string
  columns: HuntSchemaColumn[]
}

export interface HuntSchemaFunction {
  name: string
  /** Such as `attack_paths(from: string, to: string)`. */
  signature: string
  description: string
  columns: HuntSchemaColumn[]
}

export interface HuntSchema {
  tables: HuntSchemaTable[]
  table_functions: HuntSchemaFunction[]
  stored_functions: HuntSchemaFunction[]
  functions: HuntSchemaFunction[]
}

export interface HuntExample {
  id: string
  title: string
  group: string
  description: string
  query: string
}

export interface HuntExamples {
  items: HuntExample[]
}

export interface HuntHistoryEntry {
  query: string
  started_at: string
  outcome: 'done' | 'partial' | 'failed' | 'cancelled'
  /** Of all results; null where a failure left none. */
  rows: number | null
  wall_ms: number
  /** Why it failed or was cut; else empty. */
  message: string
}

export interface HuntHistory {
  items: HuntHistoryEntry[]
}

export interface SavedQuery {
  id: number
  name: string
  description: string
  query: string
  /** Everybody sees it; else only who saved it does. */
  is_shared: boolean
  /** Who saved it last. */
  author: string
  changed_at: string
}

export interface SavedQueryChange {
  name: string
  description: string
  query: string
  is_shared: boolean
}

export interface SavedQueries {
  items: SavedQuery[]
}

export interface StoredFunction {
  name: string
  /** Parameters and body as in a `let`. */
  declaration: string
  description: string
  author: string
  changed_at: string
}

export interface StoredFunctions {
  items: StoredFunction[]
}

export interface Watchlist {
  name: string
  description: string
  search_key: string
  columns: string[]
  rows: number
  author: string
  changed_at: string
}

export interface Watchlists {
  items: Watchlist[]
}
