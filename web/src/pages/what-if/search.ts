import { isEdgeId } from '@/lib/places'
import { flag, oneOf, searchOf, some, text } from '@/lib/search'

export const lists = ['gone', 'changed', 'appeared'] as const
export type ListName = (typeof lists)[number]

/** `run`: begin at once, as links from other pages do. `job`: the question that was asked last. */
export const validateWhatIfSearch = searchOf({
  assets: some,
  edges: some,
  techniques: some,
  run: flag,
  job: text,
  list: oneOf(lists),
})

export type WhatIfSearch = ReturnType<typeof validateWhatIfSearch>

/** What is asked of the server. */
export const questionOf = (search: WhatIfSearch) => ({
  remove_assets: search.assets ?? [],
  remove_edges: search.edges ?? [],
  disable_techniques: search.techniques ?? [],
})

export const isQuestion = (search: WhatIfSearch) =>
  Object.values(questionOf(search)).some((chosen) => chosen.length > 0)

type Chosen = 'assets' | 'edges' | 'techniques'

/** One more thing would be gone. The last answer is of another question then. */
export function withChoice(search: WhatIfSearch, of: Chosen, id: string) {
  const chosen = search[of] ?? []
  return { [of]: chosen.includes(id) ? chosen : [...chosen, id], job: undefined, run: undefined }
}

export function withoutChoice(search: WhatIfSearch, of: Chosen, id: string) {
  const left = (search[of] ?? []).filter((it) => it !== id)
  return { [of]: left.length > 0 ? left : undefined, job: undefined, run: undefined }
}

/** An id of a step as it is typed or pasted; undefined when it is none. */
export function stepId(typed: string) {
  const id = typed.trim().toLowerCase()
  return isEdgeId(id) ? id : undefined
}
