// A list of the server as a table. The server sorts and pages; the URL says how; the table only shows it.
//
// Columns are declared once, outside of the component: see `column`. On narrow screens a column is kept, goes
// below the first one, or is hidden; the page never scrolls sideways.

import {
  makeStyles,
  mergeClasses,
  Skeleton,
  SkeletonItem,
  Table,
  TableBody,
  TableCell,
  TableHeader,
  TableHeaderCell,
  TableRow,
  tokens,
} from '@fluentui/react-components'
import { lazy, Suspense, type KeyboardEvent, type MouseEvent, type ReactNode } from 'react'

import { number } from '@/lib/format'
import { useIsNarrow } from '@/lib/useMedia'

import { EmptyState } from './EmptyState'
import { SearchIcon } from './icons'
import { needsPager } from './pageSizes'
import { ProblemMessage } from './ProblemMessage'
import { texts } from './texts'

// Most lists are short: what long ones need comes with them.
const Pager = lazy(() => import('./Pager'))
const VirtualRows = lazy(() => import('./VirtualRows'))

export interface Column<Row> {
  /** The name of the field, as `sort` of the API knows it. */
  id: string
  title: string
  cell: (row: Row) => ReactNode
  align?: 'start' | 'end'
  /** Such as `9rem`; columns without one share what is left. */
  width?: string
  isSortable?: boolean
  /** The first click sorts from the greatest down: numbers, times. */
  startsDescending?: boolean
  /** On narrow screens; `below` puts it under the first column. Default: `keep`. */
  narrow?: 'keep' | 'below' | 'hide'
  /** Below the first column the value needs its title: `Findings: 12`. */
  isNamedBelow?: boolean
}

type Options<Row> = Omit<Column<Row>, 'id' | 'title' | 'cell'> & { title: string }

/** Columns by what they hold. */
export const column = {
  text: <Row,>(id: string, cell: (row: Row) => ReactNode, options: Options<Row>): Column<Row> => ({
    id,
    cell,
    ...options,
  }),
  number: <Row,>(id: string, value: (row: Row) => number | null | undefined, options: Options<Row>): Column<Row> => ({
    id,
    cell: (row) => {
      const found = value(row)
      return found === null || found === undefined ? texts.unknown : number(found)
    },
    align: 'end',
    width: '7rem',
    startsDescending: true,
    isNamedBelow: true,
    ...options,
  }),
}

export interface ListAnswer<Row> {
  items: readonly Row[]
  total?: number
  offset?: number
  limit?: number
}

/** What the table needs of `useQuery`. */
export interface ListState<Row> {
  data: ListAnswer<Row> | undefined
  error: unknown
  isPending: boolean
  isPlaceholderData?: boolean
  refetch: () => unknown
}

const rowHeightPx = 41
const skeletonRows = 8

/** From this number on only the rows near the screen are in the document. */
const virtualFrom = 120

/** Links of rows are large enough to be pressed with a thumb (WCAG 2.2, target size). */
const thumb = {
  display: 'inline-block',
  maxWidth: '100%',
  lineHeight: '24px',
  overflow: 'hidden',
  textOverflow: 'ellipsis',
  verticalAlign: 'bottom',
} as const

const useStyles = makeStyles({
  root: { minWidth: 0 },
  // Only ever scrolls when words are wider than the screen; then it is the table, not the page.
  scroll: { overflowX: 'auto' },
  table: { tableLayout: 'fixed', width: '100%', minWidth: 'min(100%, 640px)' },
  tableNarrow: { minWidth: 0 },
  head: {
    position: 'relative',
    fontWeight: tokens.fontWeightSemibold,
    color: tokens.colorNeutralForeground2,
  },
  column: { boxSizing: 'border-box' },
  end: { textAlign: 'right', paddingRight: tokens.spacingHorizontalL, '& > *': { justifyContent: 'flex-end' } },
  row: { position: 'relative' },
  rowLinked: { cursor: 'pointer' },
  cell: { height: `${rowHeightPx - 1}px`, overflow: 'hidden', textOverflow: 'ellipsis' },
  cellNarrow: { paddingTop: tokens.spacingVerticalSNudge, paddingBottom: tokens.spacingVerticalSNudge },
  first: { paddingLeft: tokens.spacingHorizontalL },
  last: { paddingRight: tokens.spacingHorizontalL },
  line: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap', '& a': thumb },
  number: { fontVariantNumeric: 'tabular-nums' },
  below: {
    display: 'flex',
    flexWrap: 'wrap',
    rowGap: tokens.spacingVerticalXXS,
    '& > span:not(:last-child)::after': { content: '"·"', padding: `0 ${tokens.spacingHorizontalXS}` },
    '& a': thumb,
    paddingBottom: tokens.spacingVerticalXS,
    color: tokens.colorNeutralForeground2,
    fontSize: tokens.fontSizeBase200,
    lineHeight: tokens.lineHeightBase300,
  },
  stale: { opacity: 0.6 },
  problem: { padding: `0 ${tokens.spacingHorizontalL}` },
})

/** The next value of `sort` when the heading of a column is pressed. */
export function nextSort(sort: string | undefined, pressed: Pick<Column<unknown>, 'id' | 'startsDescending'>) {
  const up = pressed.id
  const down = `-${pressed.id}`
  if (sort === up) return down
  if (sort === down) return up
  return pressed.startsDescending ? down : up
}

export function DataTable<Row>({
  label,
  columns,
  query,
  keyOf,
  sort,
  isFiltered = false,
  onChange,
  empty,
  isRowLinked = true,
}: {
  /** Names the table for screen readers, in plural: `Attack paths`. */
  label: string
  columns: readonly Column<Row>[]
  query: ListState<Row>
  keyOf: (row: Row) => string
  /** As in the URL; `undefined` is the order of the server. */
  sort?: string | undefined
  /** Says that an empty list comes from the filters. */
  isFiltered?: boolean
  /** Puts order and page into the URL; without it the list is shown as it is. */
  onChange?: (change: { sort?: string; offset?: number | undefined; limit?: number | undefined }) => void
  /** Shown when there is nothing, and no filter hides it. */
  empty: ReactNode
  /** A press anywhere in the row follows its first link. */
  isRowLinked?: boolean
}) {
  const styles = useStyles()
  const isNarrow = useIsNarrow()
  const rows = query.data?.items ?? []
  const isVirtual = rows.length >= virtualFrom

  if (query.error && !query.data) {
    return (
      <div className={styles.problem}>
        <ProblemMessage error={query.error} onRetry={() => void query.refetch()} />
      </div>
    )
  }
  if (query.data && rows.length === 0 && !query.isPlaceholderData) {
    if (!isFiltered) return empty
    return (
      <EmptyState icon={SearchIcon} title={texts.table.noMatch}>
        {texts.table.noMatchHint}
      </EmptyState>
    )
  }

  const shown = isNarrow ? columns.filter((it) => (it.narrow ?? 'keep') === 'keep') : columns
  const below = isNarrow ? columns.filter((it) => it.narrow === 'below') : []
  const classOf = (it: Column<Row>, index: number) =>
    mergeClasses(
      styles.column,
      it.align === 'end' && styles.end,
      it.align === 'end' && styles.number,
      index === 0 && styles.first,
      index === shown.length - 1 && styles.last,
    )
  const rowClass = mergeClasses(styles.row, isRowLinked && styles.rowLinked)
  const cells = (it: Row) =>
    shown.map((shownColumn, at) => (
      <TableCell key={shownColumn.id} className={mergeClasses(styles.cell, isNarrow && styles.cellNarrow, classOf(shownColumn, at))}>
        <div className={styles.line}>{shownColumn.cell(it)}</div>
        {at === 0 && below.length > 0 ? (
          <div className={styles.below}>
            {below.map((other) => (
              <span key={other.id}>
                {other.isNamedBelow ? `${other.title}: ` : null}
                {other.cell(it)}
              </span>
            ))}
          </div>
        ) : null}
      </TableCell>
    ))

  return (
    <div className={styles.root}>
      <div className={styles.scroll}>
        <Table
          aria-label={label}
          aria-busy={query.isPending || query.isPlaceholderData === true}
          aria-rowcount={isVirtual ? rows.length + 1 : undefined}
          className={mergeClasses(styles.table, isNarrow && styles.tableNarrow)}
          size="small"
        >
          <TableHeader>
            <TableRow>
              {shown.map((it, index) => {
                const isSorted = sort === it.id || sort === `-${it.id}`
                return (
                  <TableHeaderCell
                    key={it.id}
                    className={mergeClasses(styles.head, classOf(it, index))}
                    {...(it.width ? { style: { width: it.width } } : {})}
                    {...(it.isSortable && onChange
                      ? {
                          sortable: true,
                          sortDirection: isSorted ? (sort === it.id ? 'ascending' : 'descending') : undefined,
                          onClick: () => onChange({ sort: nextSort(sort, it), offset: undefined }),
                        }
                      : {})}
                  >
                    {it.title}
                  </TableHeaderCell>
                )
              })}
            </TableRow>
          </TableHeader>
          <TableBody
            className={mergeClasses(query.isPlaceholderData && styles.stale)}
            onKeyDown={moveBetweenRows}
            onClick={isRowLinked ? followRow : undefined}
          >
            {query.data ? (
              isVirtual ? (
                <Suspense>
                  <VirtualRows rows={rows} keyOf={keyOf as never} cells={cells as never} className={rowClass} />
                </Suspense>
              ) : (
                rows.map((it) => (
                  <TableRow key={keyOf(it)} className={rowClass}>
                    {cells(it)}
                  </TableRow>
                ))
              )
            ) : (
              Array.from({ length: skeletonRows }, (_, index) => (
                <TableRow key={index}>
                  {shown.map((it, at) => (
                    <TableCell key={it.id} className={mergeClasses(styles.cell, classOf(it, at))}>
                      <Skeleton aria-label={texts.loading(label.toLowerCase())}>
                        <SkeletonItem size={12} />
                      </Skeleton>
                    </TableCell>
                  ))}
                </TableRow>
              ))
            )}
          </TableBody>
        </Table>
      </div>
      {query.data && onChange && needsPager(query.data) ? (
        <Suspense>
          <Pager label={label} answer={query.data} onChange={onChange} />
        </Suspense>
      ) : null}
    </div>
  )
}

/** Up, Down, Home and End go from the link of one row to that of another. Tab goes through all of a row. */
function moveBetweenRows(event: KeyboardEvent<HTMLElement>) {
  if (!(event.target instanceof HTMLElement)) return
  // Menus and fields inside of a row have their own arrows.
  if (event.target.closest('[role="menu"], [role="combobox"], input, select, textarea')) return
  const rows = [...event.currentTarget.querySelectorAll<HTMLElement>('tr')].filter((it) => it.querySelector('a, button'))
  const current = rows.findIndex((it) => it.contains(event.target as Node))
  if (current < 0) return
  const to = { ArrowDown: current + 1, ArrowUp: current - 1, Home: 0, End: rows.length - 1 }[event.key]
  const next = to === undefined ? undefined : rows[to]
  if (!next) return
  event.preventDefault()
  next.querySelector<HTMLElement>('a, button')?.focus()
}

/** Leaves selecting text, and everything that has a use of its own, alone. */
function followRow(event: MouseEvent<HTMLElement>) {
  if (!(event.target instanceof Element) || event.defaultPrevented) return
  if (event.target.closest('a, button, input, label, [role="menuitem"], [role="menuitemcheckbox"]')) return
  if (window.getSelection()?.toString()) return
  const link = event.target.closest('tr')?.querySelector<HTMLAnchorElement>('a')
  if (!link) return
  if (event.ctrlKey || event.metaKey) window.open(link.href, '_blank', 'noopener')
  else link.click()
}
