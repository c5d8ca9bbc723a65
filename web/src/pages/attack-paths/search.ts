import { listFields, oneOf, searchOf, some, someOf, text } from '@/lib/search'

export const bases = ['observed', 'inferred', 'assumed'] as const
export const risks = ['critical', 'high', 'medium', 'low'] as const
export const statuses = ['new', 'reopened', 'active'] as const
export const views = ['scenarios', 'paths', 'exposed', 'entries', 'targets'] as const

export const validateAttackPathsSearch = searchOf({
  ...listFields,
  view: oneOf(views),
  scenario: text,
  basis: someOf(bases),
  risk: someOf(risks),
  status: someOf(statuses),
  entry: text,
  target: text,
  through: text,
  technique: text,
})

export type AttackPathsSearch = ReturnType<typeof validateAttackPathsSearch>

/** What only paths can be filtered by. */
const pathFilters = ['scenario', 'risk', 'status', 'entry', 'target', 'through', 'technique'] as const

/** A link that filters paths shows paths, whether it says so or not. */
export function viewOf(search: AttackPathsSearch) {
  return search.view ?? (pathFilters.some((it) => search[it] !== undefined) ? 'paths' : 'scenarios')
}

/** Every filter and place in a list taken out: what another view begins with. */
export const unfiltered = {
  scenario: undefined,
  basis: undefined,
  risk: undefined,
  status: undefined,
  entry: undefined,
  target: undefined,
  through: undefined,
  technique: undefined,
  q: undefined,
  sort: undefined,
  offset: undefined,
  limit: undefined,
} satisfies { [Name in keyof AttackPathsSearch]: undefined }

/** `step`: whose details are open. `gone`: steps that are ticked to be taken out. */
export const validateAttackPathSearch = searchOf({ step: text, gone: some })
