import { listFields, searchOf, text } from '@/lib/search'

export const validateSourcesSearch = searchOf({ job: text })
export const validateSourceSearch = searchOf({ ...listFields })
export const validateCoverageSearch = searchOf({ boundary: text })
