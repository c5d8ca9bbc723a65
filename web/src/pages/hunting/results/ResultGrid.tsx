// The rows of a result. Only those near the screen are in the document; the grid scrolls, the page does not.

import { Input, makeStyles, mergeClasses, tokens } from '@fluentui/react-components'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useId, useMemo, useRef, useState, type KeyboardEvent, type PointerEvent } from 'react'

import type { HuntColumn } from '@/api/hunting'
import { ArrowDownIcon } from '@/components/icons'

import { texts } from '../texts'
import { CellValue } from './cells'
import { isNumeric, widthOf, type Filters, type Order, type Row } from './grid'

const rowHeightPx = 32
const rowsBeyondScreen = 12
const widthMinPx = 60
const widthStepPx = 16
const pageRows = 12

const useStyles = makeStyles({
  root: {
    position: 'relative',
    overflow: 'auto',
    minWidth: 0,
    fontSize: tokens.fontSizeBase200,
    lineHeight: tokens.lineHeightBase200,
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}`, outlineOffset: '-2px' },
  },
  head: { position: 'sticky', top: 0, zIndex: 1, backgroundColor: tokens.colorNeutralBackground2 },
  row: {
    display: 'flex',
    boxSizing: 'border-box',
    height: `${rowHeightPx}px`,
    borderBottom: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
  },
  body: { position: 'relative' },
  bodyRow: {
    position: 'absolute',
    left: 0,
    top: 0,
    ':hover': { backgroundColor: tokens.colorNeutralBackground1Hover },
  },
  inspected: { backgroundColor: tokens.colorNeutralBackground1Selected },
  cell: {
    position: 'relative',
    boxSizing: 'border-box',
    flexShrink: 0,
    padding: `0 ${tokens.spacingHorizontalS}`,
    lineHeight: `${rowHeightPx - 1}px`,
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    whiteSpace: 'nowrap',
  },
  end: { textAlign: 'right', fontVariantNumeric: 'tabular-nums' },
  active: { boxShadow: `inset 0 0 0 2px ${tokens.colorStrokeFocus2}` },
  index: {
    width: '52px',
    color: tokens.colorNeutralForeground3,
    textAlign: 'right',
    fontVariantNumeric: 'tabular-nums',
  },
  sort: {
    display: 'flex',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalXXS,
    width: '100%',
    height: '100%',
    padding: 0,
    border: 'none',
    backgroundColor: 'transparent',
    color: tokens.colorNeutralForeground1,
    fontFamily: 'inherit',
    fontSize: 'inherit',
    fontWeight: tokens.fontWeightSemibold,
    cursor: 'pointer',
    overflow: 'hidden',
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}`, outlineOffset: '-2px' },
  },
  sortEnd: { justifyContent: 'flex-end' },
  name: { overflow: 'hidden', textOverflow: 'ellipsis' },
  up: { transform: 'rotate(180deg)' },
  resize: {
    position: 'absolute',
    right: 0,
    top: 0,
    width: '8px',
    height: '100%',
    cursor: 'col-resize',
    touchAction: 'none',
    ':hover': { backgroundColor: tokens.colorNeutralStroke1 },
    ':focus-visible': { outline: 'none', backgroundColor: tokens.colorStrokeFocus2 },
  },
  filter: { width: '100%', minWidth: 0 },
  filterCell: { padding: '3px 4px' },
})

/** As high as this many rows with heading, filters and the bar to scroll sideways. */
export const tableHeight = (rows: number) => (rows + 2) * rowHeightPx + 24

export interface Place {
  row: number
  column: number
}

/** The next order when the heading of a column is pressed: up, down, as it came; numbers begin with down. */
export function nextOrder(order: Order | undefined, column: HuntColumn): Order | undefined {
  const startsDescending = isNumeric(column)
  if (order?.column !== column.name) return { column: column.name, isDescending: startsDescending }
  if (order.isDescending !== startsDescending) return undefined
  return { column: column.name, isDescending: !startsDescending }
}

export function ResultGrid({
  label,
  columns,
  rows,
  order,
  filters,
  active,
  inspected,
  onOrder,
  onFilter,
  onActive,
  onInspect,
  onCopy,
}: {
  label: string
  columns: readonly HuntColumn[]
  rows: readonly Row[]
  order: Order | undefined
  /** Undefined: no row of filters. */
  filters: Filters | undefined
  active: Place | undefined
  inspected: number | undefined
  onOrder: (order: Order | undefined) => void
  onFilter: (column: string, wanted: string) => void
  onActive: (place: Place) => void
  onInspect: (row: number) => void
  onCopy: () => void
}) {
  const styles = useStyles()
  const id = useId()
  const root = useRef<HTMLDivElement>(null)
  const [chosenWidths, setWidths] = useState<Readonly<Record<string, number>>>({})
  const first = useMemo(() => columns.map((it, at) => widthOf(it, at, rows)), [columns, rows])
  const widths = columns.map((it, at) => chosenWidths[it.name] ?? first[at] ?? widthMinPx)
  const width = widths.reduce((sum, it) => sum + it, 52)
  const headRows = filters ? 2 : 1
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => root.current,
    estimateSize: () => rowHeightPx,
    overscan: rowsBeyondScreen,
    scrollPaddingStart: headRows * rowHeightPx,
  })
  const setWidth = (column: string, to: number) => setWidths((old) => ({ ...old, [column]: Math.max(to, widthMinPx) }))

  const move = (event: KeyboardEvent<HTMLDivElement>) => {
    if (event.target !== root.current) return
    const place = active ?? { row: 0, column: 0 }
    const steps: Record<string, Place> = {
      ArrowDown: { ...place, row: place.row + (active ? 1 : 0) },
      ArrowUp: { ...place, row: place.row - 1 },
      ArrowRight: { ...place, column: place.column + 1 },
      ArrowLeft: { ...place, column: place.column - 1 },
      PageDown: { ...place, row: place.row + pageRows },
      PageUp: { ...place, row: place.row - pageRows },
      Home: { ...place, column: 0, ...(event.ctrlKey ? { row: 0 } : {}) },
      End: { ...place, column: columns.length - 1, ...(event.ctrlKey ? { row: rows.length - 1 } : {}) },
    }
    const step = steps[event.key]
    if (step) {
      event.preventDefault()
      const row = Math.min(Math.max(step.row, 0), rows.length - 1)
      const column = Math.min(Math.max(step.column, 0), columns.length - 1)
      onActive({ row, column })
      virtualizer.scrollToIndex(row)
      const left = widths.slice(0, column).reduce((sum, it) => sum + it, 52)
      const screen = root.current
      const cell = widths[column] ?? 0
      if (left - 52 < screen.scrollLeft) screen.scrollLeft = left - 52
      else if (left + cell > screen.scrollLeft + screen.clientWidth) screen.scrollLeft = left + cell - screen.clientWidth
    } else if (event.key === 'Enter' && active) {
      event.preventDefault()
      onInspect(active.row)
    } else if (event.key === 'c' && (event.ctrlKey || event.metaKey) && active && getSelection()?.isCollapsed !== false) {
      event.preventDefault()
      onCopy()
    }
  }

  return (
    <>
      <span id={`${id}-keys`} hidden>
        {texts.grid.keys}
      </span>
      <div
        ref={root}
        role="grid"
        tabIndex={0}
        aria-label={label}
        aria-describedby={`${id}-keys`}
        aria-rowcount={rows.length + headRows}
        aria-colcount={columns.length + 1}
        aria-activedescendant={active ? `${id}-${active.row}-${active.column}` : undefined}
        className={styles.root}
        onKeyDown={move}
        onClick={(event) => {
          const place = placeOf(event.target)
          if (place) onActive(place)
        }}
        onDoubleClick={(event) => {
          const place = placeOf(event.target)
          if (place) onInspect(place.row)
        }}
      >
        <div role="rowgroup" className={styles.head} style={{ width }}>
          <div role="row" aria-rowindex={1} className={styles.row}>
            <div role="columnheader" aria-label="#" className={mergeClasses(styles.cell, styles.index)} />
            {columns.map((column, at) => (
              <div
                key={column.name}
                role="columnheader"
                aria-sort={order?.column === column.name ? (order.isDescending ? 'descending' : 'ascending') : 'none'}
                className={styles.cell}
                style={{ width: widths[at] }}
              >
                <button
                  type="button"
                  title={`${column.name}: ${column.type}`}
                  className={mergeClasses(styles.sort, isNumeric(column) && styles.sortEnd)}
                  onClick={() => onOrder(nextOrder(order, column))}
                >
                  <span className={styles.name}>{column.name}</span>
                  {order?.column === column.name ? (
                    <ArrowDownIcon aria-hidden className={order.isDescending ? '' : styles.up} />
                  ) : null}
                </button>
                <Resize name={column.name} width={widths[at] ?? 0} onWidth={(to) => setWidth(column.name, to)} />
              </div>
            ))}
          </div>
          {filters ? (
            <div role="row" aria-rowindex={2} className={styles.row}>
              <div role="gridcell" aria-label="#" tabIndex={-1} className={mergeClasses(styles.cell, styles.index)} />
              {columns.map((column, at) => (
                <div
                  key={column.name}
                  role="gridcell"
                  className={mergeClasses(styles.cell, styles.filterCell)}
                  style={{ width: widths[at] }}
                >
                  <Input
                    size="small"
                    className={styles.filter}
                    aria-label={texts.grid.filter(column.name)}
                    title={texts.grid.filterHint}
                    value={filters[column.name] ?? ''}
                    onChange={(_, data) => onFilter(column.name, data.value)}
                  />
                </div>
              ))}
            </div>
          ) : null}
        </div>
        <div role="rowgroup" className={styles.body} style={{ width, height: virtualizer.getTotalSize() }}>
          {virtualizer.getVirtualItems().map(({ index, start }) => {
            const row = rows[index] ?? []
            return (
              <div
                key={index}
                role="row"
                aria-rowindex={index + headRows + 1}
                aria-selected={inspected === index}
                className={mergeClasses(styles.row, styles.bodyRow, inspected === index && styles.inspected)}
                style={{ width, transform: `translateY(${start}px)` }}
              >
                <div role="gridcell" className={mergeClasses(styles.cell, styles.index)}>
                  {index + 1}
                </div>
                {columns.map((column, at) => {
                  const isActive = active?.row === index && active.column === at
                  return (
                    <div
                      key={column.name}
                      id={`${id}-${index}-${at}`}
                      role="gridcell"
                      data-row={index}
                      data-column={at}
                      className={mergeClasses(styles.cell, isNumeric(column) && styles.end, isActive && styles.active)}
                      style={{ width: widths[at] }}
                    >
                      <CellValue column={column} value={row[at]} isInGrid />
                    </div>
                  )
                })}
              </div>
            )
          })}
        </div>
      </div>
    </>
  )
}

/** The cell that was pressed, if it was one. */
function placeOf(target: EventTarget): Place | undefined {
  const cell = target instanceof Element ? target.closest<HTMLElement>('[data-row]') : undefined
  return cell ? { row: Number(cell.dataset.row), column: Number(cell.dataset.column) } : undefined
}

/** The edge of a heading: dragged, or moved by arrow keys. */
function Resize({ name, width, onWidth }: { name: string; width: number; onWidth: (width: number) => void }) {
  const styles = useStyles()
  const start = useRef<{ x: number; width: number }>(undefined)
  return (
    <div
      role="separator"
      tabIndex={0}
      aria-orientation="vertical"
      aria-label={texts.grid.resize(name)}
      aria-valuenow={Math.round(width)}
      aria-valuemin={widthMinPx}
      className={styles.resize}
      onPointerDown={(event: PointerEvent<HTMLDivElement>) => {
        event.currentTarget.setPointerCapture(event.pointerId)
        start.current = { x: event.clientX, width }
      }}
      onPointerMove={(event) => {
        if (start.current) onWidth(start.current.width + event.clientX - start.current.x)
      }}
      onPointerUp={() => {
        start.current = undefined
      }}
      onKeyDown={(event) => {
        const step = { ArrowLeft: -widthStepPx, ArrowRight: widthStepPx }[event.key]
        if (step === undefined) return
        event.preventDefault()
        onWidth(width + step)
      }}
    />
  )
}
