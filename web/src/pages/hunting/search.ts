import { flag, oneOf, searchOf, text, count } from '@/lib/search'

export const views = ['table', 'chart', 'graph'] as const
export type View = (typeof views)[number]

export const sides = ['schema', 'examples', 'saved', 'history', 'library'] as const
export type Side = (typeof sides)[number]

/**
 * `q`: the text of the editor. `run`: it was run, so a link to it runs it. `side`: what stands beside it, `none` for
 * nothing. `table`: which table of the result is shown, from 1. `filter`: see `filtersOf`.
 */
export const validateHuntingSearch = searchOf({
  q: text,
  run: flag,
  as_of: text,
  side: oneOf([...sides, 'none']),
  view: oneOf(views),
  table: count,
  sort: text,
  filter: text,
})

export type HuntingSearch = ReturnType<typeof validateHuntingSearch>

/** Longer texts are not put into the address: servers and chats cut such addresses. */
export const addressTextMax = 12_000
