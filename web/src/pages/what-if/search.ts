import { searchOf, some, text } from '@/lib/search'

export const validateWhatIfSearch = searchOf({ assets: some, edges: some, techniques: some, job: text })
