import { listFields, oneOf, searchOf, text } from '@/lib/search'

export const sorts = ['severed', 'targets_severed', 'entries_severed', 'paths_through', 'cost', 'name'] as const
export const views = ['choke-points', 'blast-radius'] as const

/** `open`: the choke point whose changes are all shown. */
export const validateChokePointsSearch = searchOf({ ...listFields, view: oneOf(views), open: text })
