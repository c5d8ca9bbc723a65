// The shapes of the API. Pages import shapes from here and nowhere else.

export type Role = 'reader' | 'analyst' | 'administrator'
export type Risk = 'critical' | 'high' | 'medium' | 'low'
export type Grade = 'certain' | 'very likely' | 'likely' | 'possible' | 'hard' | 'theoretical'
export type Basis = 'observed' | 'inferred' | 'assumed'
/** What became of a path since the generation before: `resolved` and `unconfirmed` paths are gone. */
export type PathStatus = 'new' | 'active' | 'reopened' | 'resolved' | 'unconfirmed' | 'rerouted'
/** How a device is held: an administrator can do what a user can. */
export type Foothold = 'none' | 'user' | 'admin'
export type Criticality = 'very high' | 'high' | 'medium' | 'low'
export type ObservedFrom = 'record' | 'entry-name' | 'archive-entry' | 'import'

// Session, users, tokens, audit, settings

export interface Session {
  user: { name: string; role: Role }
  permissions: string[]
  via: 'session' | 'token'
  expires_at: string
  must_change_password: boolean
}

export interface User {
  name: string
  role: Role
  created_at: string
  last_seen_at?: string | null
  is_disabled: boolean
}
export interface UserPage {
  items: User[]
}
export interface NewUser {
  user: User
  password?: string | null
}

export interface Token {
  id: string
  name: string
  role: Role
  owner: string
  created_at: string
  expires_at: string
  last_used_at?: string | null
}
export interface TokenPage {
  items: Token[]
}
export interface NewToken {
  token: Token
  secret: string
}

export interface AuditEntry {
  seq: number
  at: string
  actor: string
  verb: string
  detail: Record<string, unknown>
}
export interface AuditPage extends Listed {
  items: AuditEntry[]
}
export interface AuditCheck {
  is_intact: boolean
  entries: number
  first_broken?: number | null
}

export interface Setting {
  id: string
  title?: string | null
  description: string
  kind: 'flag' | 'number'
  value: boolean | number
  default: boolean | number
  range?: { min: number; max: number } | null
  is_set: boolean
}
export interface SettingPage {
  items: Setting[]
}

export interface About {
  version: string
  engine_version: string
  catalog_digest: string
  data_folder?: string | null
  listen?: string | null
  techniques: number
}

// State, jobs, generations

/** What every list says of itself. */
export interface Listed {
  total: number
  offset: number
  limit: number
}
export interface ListedOfGeneration extends Listed {
  generation: number
}

export interface Trouble {
  title: string
  detail?: string | null
}

export interface State {
  generation?: number | null
  is_up_to_date: boolean
  is_building: boolean
  manifest_version: number
  build_problem?: Trouble | null
}

export type JobKind = 'import' | 'build' | 'what-if'
export type JobState = 'receiving' | 'queued' | 'running' | 'done' | 'failed' | 'cancelled' | 'interrupted'

export interface JobProgress {
  phase: string
  current_file?: string | null
  done_bytes: number
  total_bytes?: number | null
}

export interface Job {
  id: string
  kind: JobKind
  title: string
  state: JobState
  created_by: string
  created_at: string
  ended_at?: string | null
  progress: JobProgress
  problem?: Trouble | null
  /** By kind: ImportResult, BuildResult, WhatIfReport. */
  result?: unknown
}
export interface JobPage {
  items: Job[]
}

export interface Reject {
  position: string
  reason: string
}
export interface ImportResult {
  source_ids: number[]
  files: {
    path: string
    format?: string | null
    objects: number
    relations: number
    findings: number
    is_known: boolean
    rejects_total: number
    rejects: Reject[]
  }[]
  files_total: number
  rejected_files: number
}
export interface BuildResult {
  generation: number
  is_new: boolean
}

export interface Reached {
  total: number
  reached: number
}
export interface BasisSummary {
  basis: Basis
  entry_points: number
  with_paths: number
  paths: number
}
export interface Summary {
  control_planes: Reached
  critical_assets: Reached
  entry_points: BasisSummary[]
  paths: number
  scenarios: number
  exposed_critical_assets: number
}

export interface GenerationRow {
  number: number
  evaluated_at: string
  built_at: string
  assets: number
  relations: number
  findings: number
  steps: number
  paths: number
  summary?: Summary | null
}
export interface GenerationPage {
  items: GenerationRow[]
}
export interface GenerationInfo {
  number: number
  evaluated_at: string
  built_at: string
  age_seconds: number
}

// Sources and coverage

export interface SourceRow {
  id: number
  name?: string | null
  path: string
  imported_at: string
  last_imported_at: string
  formats: string[]
  files: number
  size_bytes: number
  rejected_rows: number
  unread_files: number
  newest_observed_at?: string | null
}
export interface SourcePage {
  items: SourceRow[]
}
export interface SourceFile {
  path: string
  format: string
  observed_at: string
  observed_from: ObservedFrom
  size_bytes: number
  objects: number
  relations: number
  findings: number
  rejected_rows: number
  is_raw_kept: boolean
}
export type SourceReport = Omit<SourceRow, 'files'> & { files: SourceFile[] }
export interface SourceReject extends Reject {
  file: string
}
export interface RejectPage extends Listed {
  items: SourceReject[]
}
export interface SourceRemoved {
  files_removed: number
  pending: boolean
}

export interface CellReport {
  boundary: string
  boundary_name: string
  class: string
  facet: string
  observed_at: string
  observed_from: ObservedFrom
  age_days: number
  is_whole: boolean
  files: number
  answered?: number | null
  total?: number | null
  is_stale: boolean
}
export interface BoundaryReport {
  boundary: string
  name: string
  cells: CellReport[]
}
export interface GapReport {
  boundary: string
  boundary_name: string
  input: string
  reason: string
  techniques: string[]
  answered: number
  total: number
}
export interface ConflictReport {
  ids: string[]
  kind: string
  reason: string
  value: string
}
export interface CoverageReport {
  boundaries: BoundaryReport[]
  gaps: GapReport[]
  conflicts: ConflictReport[]
  stale_after_days: number
}

// Attack paths

export interface PlaceReport {
  id: string
  name: string
  kind: string
}

export interface ScenarioRow {
  id: string
  title: string
  entry_class: string
  entry_class_title: string
  basis: Basis
  techniques: string[]
  target_class: string
  paths: number
  new_paths: number
  entries: number
  targets: number
  risk: Risk
  cost: number
  grade: Grade
}
export interface ScenarioPage extends ListedOfGeneration {
  items: ScenarioRow[]
}

export interface PathRow {
  id: string
  entry: string
  entry_name: string
  entry_kind: string
  entry_class: string
  basis: Basis
  target: string
  target_name: string
  target_class: string
  cost: number
  grade: Grade
  hops: number
  risk: Risk
  status: PathStatus
  scenario: string
  scenario_title: string
  techniques: string[]
  crossing_name?: string | null
}
export interface PathPage extends ListedOfGeneration {
  items: PathRow[]
}

export type FactKind =
  | 'relation'
  | 'property'
  | 'finding'
  | 'service'
  | 'absence'
  | 'setting'
  | 'default'
  | 'built-in'
  | 'assumption'
export interface RelationFact {
  kind: string
  source: string
  source_name: string
  source_kind: string
  target: string
  target_name: string
  target_kind: string
  because?: string | null
}
export interface FactReport {
  fact: FactKind
  text: string
  id?: string | null
  relation?: RelationFact | null
  name?: string | null
  subject?: string | null
  subject_name?: string | null
  value?: string | null
  observed_at?: string | null
  files?: string[]
}
export interface DerivationReport {
  cost: number
  facts: FactReport[]
}
export interface FixReport {
  step: string
  title: string
  text: string
  owner: string
  cost: number
}
export interface StepReport {
  id: string
  source: string
  source_name: string
  target: string
  target_name: string
  technique: string
  label: string
  cost: number
  grade: Grade
  is_assumed: boolean
  attack: string[]
  explanation: string
  detection: string
  evidence: DerivationReport[]
  remediations: FixReport[]
}
export interface RoutePlaceReport extends PlaceReport {
  /** How it is held once the attacker is there; `none` for what is no device. */
  foothold: Foothold
}
export interface PathReport {
  id: string
  entry: string
  entry_name: string
  entry_grade?: Grade | null
  entry_reason: string
  entry_class_title: string
  target: string
  target_name: string
  target_reason: string
  basis: Basis
  cost: number
  grade: Grade
  hops: number
  risk: Risk
  status: PathStatus
  scenario: string
  scenario_title: string
  crossing?: { id: string; name: string; reason: string } | null
  /** The entry and all that the route passes, in its order. */
  places?: RoutePlaceReport[]
  fix?: FixReport | null
  steps: StepReport[]
  changed?: { what: string[] } | null
}

export interface ExposedCriticalAsset {
  entry: PlaceReport
  target: PlaceReport
  basis: Basis
  entry_class_title: string
  reason: string
}
export interface ExposedCriticalAssets extends ListedOfGeneration {
  items: ExposedCriticalAsset[]
}

export interface EntryRow {
  id: string
  name: string
  kind: string
  class: string
  class_title: string
  basis: Basis
  grade: Grade
  foothold: Foothold
  reason: string
  paths: number
  targets: number
  is_exposed_critical: boolean
}
export interface EntryPage extends ListedOfGeneration {
  items: EntryRow[]
}

export interface TargetRow {
  id: string
  name: string
  kind: string
  class: string
  criticality?: Criticality | null
  members: number
  reason: string
  paths: number
  entries: number
}
export interface TargetPage extends ListedOfGeneration {
  items: TargetRow[]
}

export interface ChangeReport {
  /** Null for a single step. */
  asset?: PlaceReport | null
  cost: number
  /** All steps into, or out of, the asset; or one step. */
  extent: 'step' | 'into' | 'out of'
  steps: StepReport[]
}
export interface ChokePointReport {
  name: string
  assets: PlaceReport[]
  changes: ChangeReport[]
  paths_through: number
  targets_severed: number
  entries_severed: number
}
export interface ChokePointPage extends ListedOfGeneration {
  items: ChokePointReport[]
  smallest_joint_change?: number | null
  why_none: string[]
  assets_left_out: number
}

export interface AssetList {
  total: number
  by_kind: Record<string, number>
  truncated: boolean
  listed: PlaceReport[]
}
export interface BlastReport {
  generation: number
  start: PlaceReport
  targets: PlaceReport[]
  targets_total: number
  assets: AssetList
  assets_behind: AssetList
  steps: number
}
export interface BlastRow {
  start: PlaceReport
  targets: number
  assets: number
}
export interface BlastPage extends ListedOfGeneration {
  items: BlastRow[]
}

export interface WhatIf {
  remove_assets: string[]
  remove_edges: string[]
  disable_techniques: string[]
}
export interface Weight {
  cost: number
  grade: Grade
  hops: number
  risk: Risk
}
export interface ComparedPath {
  id: string
  entry: string
  entry_name: string
  target: string
  target_name: string
  before?: Weight | null
  after?: Weight | null
  status?: PathStatus | null
  reason?: string | null
}
export interface PathList {
  total: number
  truncated: boolean
  listed: ComparedPath[]
}
export interface WhatIfReport {
  generation: number
  limit: number
  paths_before: number
  paths_after: number
  removed: { assets: PlaceReport[]; edges: string[]; techniques: string[] }
  gone: PathList
  changed: PathList
  appeared: PathList
  targets_freed: PlaceReport[]
}

export interface RemediationReport {
  id: string
  title: string
  text: string
  cost: number
  owner: string
}
export interface TechniqueRow {
  id: string
  title: string
  label: string
  family: string
  grade: Grade
  grade_reason: string
  needs: Foothold
  gives: Foothold
  attack: string[]
  /** Names the ends as `{source}` and `{target}`, as do the remediations. */
  explanation: string
  detection: string
  remediations: RemediationReport[]
  no_remediation?: string | null
  /** What has to be looked at to find it. */
  inputs: string[]
  steps: number
  is_enabled: boolean
}
export interface TechniquePage extends ListedOfGeneration {
  items: TechniqueRow[]
}

// Changes

export interface PathChange {
  path: string
  entry: string
  entry_name: string
  target: string
  target_name: string
  status: PathStatus
  risk?: Risk | null
  reason: string
}
export interface ChangesReport {
  generation: number
  previous?: number | null
  counts: Record<'new' | 'reopened' | 'resolved' | 'unconfirmed' | 'rerouted', number>
  targets_reached: PlaceReport[]
  targets_freed: PlaceReport[]
  items: PathChange[]
  total: number
  inputs: string[]
}

// Assets

export type AssetView = 'devices' | 'identities' | 'cloud' | 'all'

export interface AssetRow {
  id: string
  node_id: string
  name: string
  kind: string
  boundary: string
  boundary_name: string
  criticality?: Criticality | null
  control_plane?: string | null
  is_enabled?: boolean | null
  is_stub: boolean
  findings: number
  exploitable_findings: number
  paths: number
  entry_basis?: Basis | null
  sources: number
  last_seen: string
}
export interface AssetPage extends ListedOfGeneration {
  items: AssetRow[]
  by_kind: Record<string, number>
}

export interface FindingReport {
  id: string
  title: string
  severity: string
  weakness: string
  cves: string[]
  locator: string
  is_exploitable: boolean
}
export interface FindingRow extends FindingReport {
  cvss_score?: number | null
  is_kev: boolean
  first_seen: string
  last_seen: string
  files: string[]
}
export interface FindingPage extends ListedOfGeneration {
  items: FindingRow[]
}

/** A decision in force. */
export interface ByHand {
  by: string
  at: string
  level?: string | null
}

/** Who told something, and when last. */
export interface Told {
  observed_at: string
  files: string[]
}

export interface AssetFact extends Told {
  name: string
  value: unknown
  /** Id of the original object that it was told of. */
  object: string
}

export interface OriginalObject extends Told {
  id: string
  kind: string
  reason: string
  set_apart?: ByHand | null
}

export interface AssetReport {
  generation: number
  id: string
  node_id: string
  name: string
  kind: string
  boundary: string
  boundary_name: string
  criticality?: Criticality | null
  control_plane?: string | null
  entry_point?: string | null
  is_stub: boolean
  is_unusable: boolean
  first_seen: string
  last_seen: string
  looked_at: string[]
  identifiers: (Told & { kind: string; value: string })[]
  original_objects: OriginalObject[]
  criticality_set?: ByHand | null
  reasons: { rule: string; text: string }[]
  facts: AssetFact[]
  services: string[]
  files: string[]
  findings: FindingReport[]
  /** Findings there are; the list is cut. */
  findings_total?: number
  conflicts: ConflictReport[]
  paths: number
  steps_in: number
  steps_out: number
}

export interface EdgeRow {
  id: string
  direction: 'in' | 'out'
  other: PlaceReport
  technique: string
  label: string
  is_step: boolean
  cost?: number | null
  grade?: Grade | null
  is_assumed: boolean
  observed_at?: string | null
  files: string[]
  text: string
}
export interface EdgePage extends ListedOfGeneration {
  items: EdgeRow[]
  by_technique: Record<string, number>
}

/** A decision was kept; the next generation will show it. */
export interface Pending {
  pending: boolean
}

export interface SearchHit {
  kind: 'asset' | 'path' | 'technique' | 'page'
  id: string
  name: string
  detail: string
}
export interface SearchPage {
  items: SearchHit[]
}

// Overview

export interface Freshness {
  boundary: string
  name: string
  newest_observed_at?: string | null
  oldest_observed_at?: string | null
  age_days: number
  is_stale: boolean
  cells: number
  sources: number
}
export interface HistoryPoint {
  number: number
  evaluated_at: string
  paths: number
  targets_reached: number
  entry_points_with_paths: number
  critical: number
}
export interface Overview {
  generation: GenerationInfo
  previous?: GenerationInfo | null
  summary: Summary
  risks: Record<Risk, number>
  scenarios: ScenarioRow[]
  choke_points: ChokePointReport[]
  choke_points_total: number
  smallest_joint_change?: number | null
  why_no_paths: string[]
  changes: ChangesReport
  freshness: Freshness[]
  gaps: number
  rejected_rows: number
  unread_files: number
  history: HistoryPoint[]
  assets: Record<AssetView, number>
}
