import { listFields, oneOf, searchOf, someOf, text } from '@/lib/search'

export const bases = ['observed', 'inferred', 'assumed'] as const
export const risks = ['critical', 'high', 'medium', 'low'] as const
export const statuses = ['new', 'reopened', 'rerouted', 'open', 'unconfirmed', 'resolved'] as const
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

export const validateAttackPathSearch = searchOf({ step: text })
