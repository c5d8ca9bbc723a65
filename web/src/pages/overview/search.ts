import { searchOf } from '@/lib/search'

export const validateOverviewSearch = searchOf({})
