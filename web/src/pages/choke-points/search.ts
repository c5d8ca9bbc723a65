import { listFields, searchOf, text } from '@/lib/search'

export const validateChokePointsSearch = searchOf({ ...listFields, open: text, blast: text })
