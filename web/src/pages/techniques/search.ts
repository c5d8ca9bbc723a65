import { searchOf, text } from '@/lib/search'

export const validateTechniquesSearch = searchOf({ q: text, family: text, sort: text })
