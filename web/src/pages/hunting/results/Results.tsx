// What came back: one table at a time, as table, chart or graph, with how it went.

import {
  Button,
  makeStyles,
  Menu,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
  MessageBar,
  MessageBarBody,
  MessageBarTitle,
  mergeClasses,
  Tab,
  TabList,
  tokens,
} from '@fluentui/react-components'
import { lazy, Suspense, useDeferredValue, useMemo, useState } from 'react'

import type { HuntDiagnostic } from '@/api/hunting'
import { announce } from '@/app/announcer'
import { EmptyState } from '@/components/EmptyState'
import { CopyIcon, FilterIcon, SearchIcon } from '@/components/icons'
import { PageLoading } from '@/components/Page'
import { ProblemMessage } from '@/components/ProblemMessage'
import { toast } from '@/components/toasts'
import { number } from '@/lib/format'

import type { ResultTable, RunResult } from '../run'
import { isRunning } from '../run'
import type { HuntingSearch, View } from '../search'
import { views } from '../search'
import { texts } from '../texts'
import { chartOf } from './chart'
import { graphOf, hasGraph } from './graph'
import { csv, filtersOf, filtersText, json, orderOf, rowObject, shownRows, tabbed, textOf } from './grid'
import { Inspector } from './Inspector'
import { ResultGrid, tableHeight, type Place } from './ResultGrid'

const ResultChart = lazy(() => import('./ResultChart'))
const ResultGraph = lazy(() => import('./ResultGraph'))

const bodyHeight = 'max(360px, calc(100vh - 480px))'

const useStyles = makeStyles({
  bar: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: tokens.spacingHorizontalS,
    padding: `${tokens.spacingVerticalXS} ${tokens.spacingHorizontalL}`,
  },
  grow: { flexGrow: 1 },
  quiet: { color: tokens.colorNeutralForeground2, fontVariantNumeric: 'tabular-nums' },
  messages: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalS,
    padding: `0 ${tokens.spacingHorizontalL} ${tokens.spacingVerticalXS}`,
  },
  body: { display: 'grid', gridTemplateRows: 'minmax(0, 1fr)', height: bodyHeight, minWidth: 0 },
  table: { gridTemplateColumns: 'minmax(0, 1fr)' },
  inspected: { gridTemplateColumns: 'minmax(0, 1fr) minmax(240px, 38%)' },
  chart: { minWidth: 0 },
  list: { margin: 0, paddingLeft: tokens.spacingHorizontalL },
})

interface Given {
  result: RunResult
  search: HuntingSearch
  change: (change: Partial<HuntingSearch>) => void
  onGoTo: (line: number, column: number) => void
  onExamples: () => void
}

export function Results({ result, search, change, onGoTo, onExamples }: Given) {
  const styles = useStyles()
  const { failure, problem, partial, tables } = result
  const notes = result.state === 'done' ? result.diagnostics : []
  if (result.state === 'idle') {
    return (
      <EmptyState
        icon={SearchIcon}
        title={texts.resultsEmpty}
        actions={<Button onClick={onExamples}>{texts.showExamples}</Button>}
      >
        {texts.resultsEmptyHint}
      </EmptyState>
    )
  }
  const at = Math.min(search.table ?? 1, Math.max(tables.length, 1)) - 1
  const table = tables[at]
  return (
    <>
      <div className={styles.messages}>
        {problem ? <ProblemMessage error={problem} /> : null}
        {failure && failure.kind !== 'cancelled' ? (
          <Failure result={result} onGoTo={onGoTo} />
        ) : null}
        {result.state === 'cancelled' ? (
          <MessageBar intent="info">
            <MessageBarBody>{texts.state.cancelled}</MessageBarBody>
          </MessageBar>
        ) : null}
        {partial ? (
          <MessageBar intent="warning" layout="multiline">
            <MessageBarBody>
              <MessageBarTitle>{texts.partial(partial.budget)}</MessageBarTitle>
              {partial.message}
            </MessageBarBody>
          </MessageBar>
        ) : null}
        {notes.length > 0 ? <Notes notes={notes} /> : null}
      </div>
      {tables.length > 1 ? (
        <TabList
          size="small"
          aria-label={texts.tables}
          selectedValue={at}
          onTabSelect={(_, data) =>
            change({ table: Number(data.value) + 1, sort: undefined, filter: undefined, view: undefined })
          }
        >
          {tables.map((it, index) => (
            <Tab key={texts.tableName(index, it.name)} value={index}>
              {texts.tableName(index, it.name)} ({number(it.rows.length)})
            </Tab>
          ))}
        </TabList>
      ) : null}
      {table ? (
        // Another table, another choice of cell and widths.
        <TableResult
          key={`${result.startedAt} ${at}`}
          name={texts.tableName(at, table.name)}
          table={table}
          result={result}
          search={search}
          change={change}
        />
      ) : null}
    </>
  )
}

function Failure({ result, onGoTo }: { result: RunResult; onGoTo: (line: number, column: number) => void }) {
  const { failure } = result
  if (!failure) return null
  const { line, column, kind } = failure
  const title = kind === 'query' ? texts.failed : kind === 'limit' ? texts.limit : texts.engineFailed
  return (
    <MessageBar intent="error" layout="multiline" politeness="assertive">
      <MessageBarBody>
        <MessageBarTitle>{title}</MessageBarTitle>
        {sentence(failure.message)}
        {line !== null && column !== null ? (
          <>
            {' '}
            <Button appearance="transparent" size="small" onClick={() => onGoTo(line, column)}>
              {texts.goTo}: {texts.at(line, column)}
            </Button>
          </>
        ) : null}
        {failure.hint === null ? null : <div>{sentence(failure.hint)}</div>}
      </MessageBarBody>
    </MessageBar>
  )
}

/** Diagnostics are written without capital and full stop. */
const sentence = (text: string) => {
  const begun = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?]$/.test(begun) ? begun : `${begun}.`
}

function Notes({ notes }: { notes: readonly HuntDiagnostic[] }) {
  const styles = useStyles()
  return (
    <MessageBar intent="info" layout="multiline">
      <MessageBarBody>
        <MessageBarTitle>{texts.notes}</MessageBarTitle>
        <ul className={styles.list}>
          {notes.map((it) => (
            <li key={`${it.start} ${it.message}`}>
              {texts.severity[it.severity]}, {texts.at(it.line, it.column)}: {it.message}
              {it.hint === null ? null : `; ${it.hint}`}
            </li>
          ))}
        </ul>
      </MessageBarBody>
    </MessageBar>
  )
}

function TableResult({
  name,
  table,
  result,
  search,
  change,
}: {
  name: string
  table: ResultTable
  result: RunResult
  search: HuntingSearch
  change: (change: Partial<HuntingSearch>) => void
}) {
  const styles = useStyles()
  const isWhole = !isRunning(result)
  const { columns, render } = table
  // The array grows in place, so its length is what changes.
  const count = table.rows.length
  const drawn = useMemo(
    () => (isWhole && render && render.chart !== 'table' ? chartOf(render, columns, table.rows) : undefined),
    [isWhole, render, columns, table.rows],
  )
  const mayGraph = useMemo(() => isWhole && hasGraph(result.tables) && count > 0, [isWhole, result.tables, count])
  const may: Record<View, boolean> = { table: true, chart: drawn !== undefined, graph: mayGraph }
  const wanted = search.view ?? (drawn !== undefined && typeof drawn !== 'string' ? 'chart' : 'table')
  const view = may[wanted] ? wanted : 'table'
  const graph = useMemo(() => (view === 'graph' ? graphOf(result.tables) : undefined), [view, result.tables])

  const order = orderOf(search.sort)
  const filters = useMemo(() => filtersOf(search.filter), [search.filter])
  const [areFiltersOpen, setFiltersOpen] = useState(search.filter !== undefined)
  // Sorting a hundred thousand rows takes longer than a key.
  const deferred = useDeferredValue(search.filter)
  const rows = useMemo(
    () => [...shownRows(columns, table.rows, orderOf(search.sort), filtersOf(deferred))],
    // eslint-disable-next-line react-hooks/exhaustive-deps -- `count` stands for the rows that were added
    [columns, table.rows, count, search.sort, deferred],
  )
  const [active, setActive] = useState<Place>()
  const [inspected, setInspected] = useState<number>()
  const inspectedRow = inspected === undefined ? undefined : rows[inspected]

  const activeRow = active ? rows[active.row] : undefined
  const copyCell = () => {
    if (active && activeRow) void copy(textOf(activeRow[active.column]), texts.grid.copyCell)
  }
  const setFilter = (column: string, value: string) => {
    change({ filter: filtersText({ ...filters, [column]: value }) })
    setInspected(undefined)
  }

  return (
    <>
      <div className={styles.bar}>
        {Object.values(may).filter(Boolean).length > 1 ? (
          <TabList
            size="small"
            aria-label={texts.views.label}
            selectedValue={view}
            onTabSelect={(_, data) => change({ view: data.value as View })}
          >
            {views
              .filter((it) => may[it])
              .map((it) => (
                <Tab key={it} value={it}>
                  {texts.views[it]}
                </Tab>
              ))}
          </TabList>
        ) : null}
        <span className={styles.quiet} role="status">
          {texts.grid.shown(rows.length, count)}
        </span>
        <span className={styles.grow} />
        {view === 'table' && count > 0 ? (
          <>
            {search.filter ? (
              <Button size="small" appearance="subtle" onClick={() => change({ filter: undefined })}>
                {texts.grid.clearFilters}
              </Button>
            ) : null}
            <Button
              size="small"
              appearance="subtle"
              icon={<FilterIcon />}
              aria-pressed={areFiltersOpen}
              onClick={() => setFiltersOpen(!areFiltersOpen)}
            >
              {texts.grid.filters}
            </Button>
          </>
        ) : null}
        {count > 0 ? (
          <>
            <Menu>
              <MenuTrigger disableButtonEnhancement>
                <Button size="small" appearance="subtle" icon={<CopyIcon />}>
                  {texts.grid.copy}
                </Button>
              </MenuTrigger>
              <MenuPopover>
                <MenuList>
                  <MenuItem disabled={!activeRow} onClick={copyCell}>
                    {texts.grid.copyCell}
                  </MenuItem>
                  <MenuItem
                    disabled={!activeRow}
                    onClick={() => {
                      if (activeRow) void copy(JSON.stringify(rowObject(columns, activeRow), null, 2), texts.grid.copyRow)
                    }}
                  >
                    {texts.grid.copyRow}
                  </MenuItem>
                  <MenuItem onClick={() => void copy(tabbed(columns, rows), texts.grid.copyAll)}>
                    {texts.grid.copyAll}
                  </MenuItem>
                </MenuList>
              </MenuPopover>
            </Menu>
            <Menu>
              <MenuTrigger disableButtonEnhancement>
                <Button size="small" appearance="subtle">
                  {texts.grid.download}
                </Button>
              </MenuTrigger>
              <MenuPopover>
                <MenuList>
                  <MenuItem onClick={() => download(`${name}.csv`, 'text/csv', csv(columns, rows))}>
                    {texts.grid.csv}
                  </MenuItem>
                  <MenuItem onClick={() => download(`${name}.json`, 'application/json', json(columns, rows))}>
                    {texts.grid.json}
                  </MenuItem>
                </MenuList>
              </MenuPopover>
            </Menu>
          </>
        ) : null}
      </div>
      {count === 0 && isWhole ? (
        <EmptyState icon={SearchIcon} title={texts.noRows}>
          {texts.noRowsHint}
        </EmptyState>
      ) : view === 'chart' && drawn !== undefined ? (
        <div className={styles.chart}>
          {typeof drawn === 'string' ? (
            <div className={styles.messages}>{drawn}</div>
          ) : (
            <Suspense fallback={<PageLoading what={texts.views.chart.toLowerCase()} />}>
              <ResultChart chart={drawn} />
            </Suspense>
          )}
        </div>
      ) : view === 'graph' ? (
        <div className={styles.body}>
          {graph && graph.edges.length > 0 ? (
            <Suspense fallback={<PageLoading what={texts.views.graph.toLowerCase()} />}>
              <ResultGraph graph={graph} />
            </Suspense>
          ) : (
            <div className={styles.messages}>{texts.graph.noEdges}</div>
          )}
        </div>
      ) : (
        <div
          className={mergeClasses(styles.body, inspectedRow ? styles.inspected : styles.table)}
          // Few rows need less room.
          style={inspectedRow ? {} : { height: `min(${bodyHeight}, ${tableHeight(count)}px)` }}
        >
          <ResultGrid
            label={name}
            columns={columns}
            rows={rows}
            order={order}
            filters={areFiltersOpen ? filters : undefined}
            active={active}
            inspected={inspected}
            onOrder={(next) => {
              change({ sort: next ? `${next.isDescending ? '-' : ''}${next.column}` : undefined })
              setInspected(undefined)
            }}
            onFilter={setFilter}
            onActive={setActive}
            onInspect={setInspected}
            onCopy={copyCell}
          />
          {inspectedRow && inspected !== undefined ? (
            <Inspector
              key={inspected}
              columns={columns}
              row={inspectedRow}
              number={inspected + 1}
              onClose={() => setInspected(undefined)}
            />
          ) : null}
        </div>
      )}
    </>
  )
}

const copy = (text: string, what: string) =>
  navigator.clipboard.writeText(text).then(
    () => announce(texts.grid.copied(what)),
    () => toast.failed(new Error(texts.grid.notCopied)),
  )

/** The browser keeps the text as a file. */
function download(file: string, type: string, text: string) {
  const address = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }))
  const link = document.createElement('a')
  link.href = address
  link.download = file
  link.click()
  // After the click has begun the download.
  setTimeout(() => URL.revokeObjectURL(address), 10_000)
}
