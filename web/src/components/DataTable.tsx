// A list of the server as a table. The server sorts and pages; the URL says how; the table only shows it.
//
// Columns are declared once, outside of the component: see `column`. On narrow screens a column is kept, goes
// below the first one, or is hidden; the page never scrolls sideways.

import {
  Button,
  Dropdown,
  makeStyles,
  mergeClasses,
  Option,
  Skeleton,
  SkeletonItem,
  Table,
  TableBody,
  TableCell,
  TableHeader,
  TableHeaderCell,
  TableRow,
  tokens,
  Tooltip,
} from '@fluentui/react-components'
import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { useRef, type KeyboardEvent, type MouseEvent, type ReactNode } from 'react'

import { number } from '@/lib/format'
import { useIsNarrow } from '@/lib/useMedia'

import { EmptyState } from './EmptyState'
import { ChevronLeftIcon, ChevronRightIcon, SearchIcon } from './icons'
import { ProblemMessage } from './ProblemMessage'
import { texts } from './texts'

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
const pageSizes = [50, 100, 200, 500]
const skeletonRows = 8

/** From this number on only the rows near the screen are in the document. */
const virtualFrom = 120

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
  first: { paddingLeft: tokens.spacingHorizontalL },
  last: { paddingRight: tokens.spacingHorizontalL },
  line: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' },
  number: { fontVariantNumeric: 'tabular-nums' },
  below: {
    display: 'flex',
    flexWrap: 'wrap',
    rowGap: tokens.spacingVerticalXXS,
    '& > span:not(:last-child)::after': { content: '"·"', padding: `0 ${tokens.spacingHorizontalXS}` },
    paddingBottom: tokens.spacingVerticalXS,
    color: tokens.colorNeutralForeground2,
    fontSize: tokens.fontSizeBase200,
    lineHeight: tokens.lineHeightBase300,
  },
  stale: { opacity: 0.6 },
  foot: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    justifyContent: 'flex-end',
    columnGap: tokens.spacingHorizontalM,
    rowGap: tokens.spacingVerticalXS,
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalL}`,
    color: tokens.colorNeutralForeground2,
    fontSize: tokens.fontSizeBase200,
  },
  sizes: { minWidth: '72px' },
  spacer: { border: 'none' },
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
  const body = useRef<HTMLTableSectionElement>(null)
  const rows = query.data?.items ?? []
  const isVirtual = rows.length >= virtualFrom
  const virtualizer = useWindowVirtualizer({
    count: isVirtual ? rows.length : 0,
    estimateSize: () => rowHeightPx,
    overscan: 12,
    scrollMargin: body.current?.offsetTop ?? 0,
  })

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
  const row = (it: Row, index: number) => (
    <TableRow
      key={keyOf(it)}
      ref={isVirtual ? virtualizer.measureElement : undefined}
      data-index={index}
      aria-rowindex={isVirtual ? index + 2 : undefined}
      className={mergeClasses(styles.row, isRowLinked && styles.rowLinked)}
    >
      {shown.map((shownColumn, at) => (
        <TableCell key={shownColumn.id} className={mergeClasses(styles.cell, classOf(shownColumn, at))}>
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
      ))}
    </TableRow>
  )

  const virtualRows = virtualizer.getVirtualItems()
  const margin = virtualizer.options.scrollMargin
  const before = isVirtual ? (virtualRows[0]?.start ?? margin) - margin : 0
  const after = isVirtual ? virtualizer.getTotalSize() - ((virtualRows.at(-1)?.end ?? margin) - margin) : 0
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
            ref={body}
            className={mergeClasses(query.isPlaceholderData && styles.stale)}
            onKeyDown={moveBetweenRows}
            onClick={isRowLinked ? followRow : undefined}
          >
            {query.data ? (
              <>
                {before > 0 ? <Spacer height={before} className={styles.spacer} /> : null}
                {isVirtual ? virtualRows.map((it) => row(rows[it.index]!, it.index)) : rows.map(row)}
                {after > 0 ? <Spacer height={after} className={styles.spacer} /> : null}
              </>
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
      {query.data && onChange ? <Pager label={label} answer={query.data} onChange={onChange} /> : null}
    </div>
  )
}

function Spacer({ height, className }: { height: number; className: string }) {
  return (
    <tr aria-hidden style={{ height }}>
      <td className={className}>{null}</td>
    </tr>
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

const usePagerStyles = makeStyles({ buttons: { display: 'flex' } })

/** From page to page, and how many rows one has; nothing where all are on one page. */
export function Pager<Row>({
  label,
  answer,
  onChange,
}: {
  label: string
  answer: ListAnswer<Row>
  onChange: (change: { offset?: number | undefined; limit?: number | undefined }) => void
}) {
  const styles = useStyles()
  const pager = usePagerStyles()
  const { items, total, offset = 0, limit = pageSizes[0]! } = answer
  if (total === undefined || total <= Math.min(limit, pageSizes[0]!)) return null
  const isFirst = offset === 0
  const isLast = offset + items.length >= total
  const sizes = pageSizes.includes(limit) ? pageSizes : [...pageSizes, limit].toSorted((a, b) => a - b)
  return (
    <nav className={styles.foot} aria-label={texts.table.pages(label)}>
      <Dropdown
        size="small"
        className={styles.sizes}
        aria-label={texts.table.rows}
        value={number(limit)}
        selectedOptions={[String(limit)]}
        onOptionSelect={(_, data) => onChange({ limit: Number(data.optionValue), offset: undefined })}
      >
        {sizes.map((it) => (
          <Option key={it} value={String(it)}>
            {number(it)}
          </Option>
        ))}
      </Dropdown>
      <span aria-live="polite">{texts.table.range(offset + 1, offset + items.length, total)}</span>
      <span className={pager.buttons}>
        <Tooltip content={isFirst ? texts.table.first : texts.table.previous} relationship="description">
          <Button
            size="small"
            appearance="subtle"
            icon={<ChevronLeftIcon />}
            aria-label={texts.table.previous}
            disabledFocusable={isFirst}
            onClick={() => onChange({ offset: Math.max(offset - limit, 0) || undefined })}
          />
        </Tooltip>
        <Tooltip content={isLast ? texts.table.last : texts.table.next} relationship="description">
          <Button
            size="small"
            appearance="subtle"
            icon={<ChevronRightIcon />}
            aria-label={texts.table.next}
            disabledFocusable={isLast}
            onClick={() => onChange({ offset: offset + limit })}
          />
        </Tooltip>
      </span>
    </nav>
  )
}
