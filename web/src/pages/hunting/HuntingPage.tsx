// Questions in the query language: the editor, what it can name, and the results. The address is the question.

import {
  Button,
  Dropdown,
  makeStyles,
  mergeClasses,
  Option,
  Tab,
  TabList,
  tokens,
  Tooltip,
} from '@fluentui/react-components'
import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react'

import { base } from '@/api/client'
import type { HuntCompletions, HuntDiagnostics, HuntHovers } from '@/api/hunting'
import { queries } from '@/api/queries'
import { LinkIcon, RunIcon, SaveIcon } from '@/components/icons'
import { Page, PageLoading, Section } from '@/components/Page'
import { toast } from '@/components/toasts'
import { fullTime } from '@/lib/format'
import { useUrl } from '@/lib/search'
import { narrow, useIsNarrow } from '@/lib/useMedia'

import type { EditorHandle } from './editor/Editor'
import type { Language } from './editor/intelligence'
import { Results } from './results/Results'
import { isRunning, type RunResult } from './run'
import { addressTextMax, sides, validateHuntingSearch, type Side } from './search'
import { seconds } from './seconds'
import { Examples } from './side/Examples'
import { History } from './side/History'
import { Library } from './side/Library'
import { SaveDialog, Saved } from './side/Saved'
import { SchemaTree } from './side/SchemaTree'
import { toRun } from './statements'
import { texts } from './texts'
import { useRun } from './useRun'

const Editor = lazy(() => import('./editor/Editor'))

/** What is typed goes into the address when the person pauses. */
const addressAfterMs = 300
const elapsedEveryMs = 100

const useStyles = makeStyles({
  columns: {
    display: 'grid',
    gridTemplateColumns: '340px minmax(0, 1fr)',
    gap: tokens.spacingHorizontalL,
    alignItems: 'start',
    [narrow]: { gridTemplateColumns: 'minmax(0, 1fr)' },
  },
  one: { gridTemplateColumns: 'minmax(0, 1fr)' },
  side: {
    position: 'sticky',
    top: '64px',
    boxSizing: 'border-box',
    maxHeight: 'calc(100vh - 80px)',
    display: 'flex',
    flexDirection: 'column',
    border: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusLarge,
    backgroundColor: tokens.colorNeutralBackground1,
    [narrow]: { position: 'static', maxHeight: '60vh' },
  },
  tabs: { flexShrink: 0, padding: `0 ${tokens.spacingHorizontalXS}` },
  tab: { paddingLeft: tokens.spacingHorizontalSNudge, paddingRight: tokens.spacingHorizontalSNudge },
  panel: {
    overflow: 'auto',
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalM} ${tokens.spacingVerticalL}`,
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}`, outlineOffset: '-2px' },
  },
  main: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalL, minWidth: 0 },
  bar: { display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: tokens.spacingHorizontalS },
  grow: { flexGrow: 1 },
  status: { color: tokens.colorNeutralForeground2, fontVariantNumeric: 'tabular-nums' },
  editor: {
    marginTop: tokens.spacingVerticalS,
    height: '220px',
    minHeight: '96px',
    resize: 'vertical',
    overflow: 'hidden',
    border: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke1}`,
    borderRadius: tokens.borderRadiusMedium,
    ':focus-within': { outline: `2px solid ${tokens.colorStrokeFocus2}`, outlineOffset: '-1px' },
  },
  keys: { color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200 },
  asOf: { minWidth: '180px' },
})

export const language: Language = {
  complete: (query, caret, signal) => ask<HuntCompletions>('complete', { query, caret }, signal),
  diagnose: (query, signal) => ask<HuntDiagnostics>('diagnose', { query }, signal),
  hover: (query, caret, signal) => ask<HuntHovers>('hover', { query, caret }, signal),
}

/** Outside of the cache of answers: each is of use once. */
async function ask<Answer>(what: string, question: object, signal: AbortSignal): Promise<Answer> {
  const response = await fetch(`${base}/hunting/${what}`, {
    method: 'POST',
    credentials: 'same-origin',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(question),
    signal,
  })
  if (!response.ok) throw new Error(`status ${response.status}`)
  return (await response.json()) as Answer
}

export function HuntingPage() {
  const styles = useStyles()
  const isNarrow = useIsNarrow()
  const [search, change] = useUrl(validateHuntingSearch)
  const [text, setText] = useState(search.q ?? '')
  const [isSaving, setIsSaving] = useState(false)
  const { result, run, cancel } = useRun()
  const editor = useRef<EditorHandle>(null)
  const session = useQuery(queries.session())
  const mayShare = session.data?.permissions.includes('share-queries') ?? false
  const side = search.side ?? (isNarrow ? 'none' : 'schema')

  // What is typed goes into the address; another address (Back, a link) goes into the editor.
  const inAddress = useRef(search.q)
  const isTooLong = encodeURIComponent(text).length > addressTextMax
  useEffect(() => {
    if (search.q === inAddress.current) return
    inAddress.current = search.q
    setText(search.q ?? '')
  }, [search.q])
  useEffect(() => {
    const q = isTooLong || text.trim() === '' ? undefined : text
    if (q === inAddress.current) return
    const timer = setTimeout(() => {
      inAddress.current = q
      // Another text has not been run yet.
      change({ q, run: undefined })
    }, addressAfterMs)
    return () => clearTimeout(timer)
  }, [text, isTooLong, change])

  const start = useCallback(
    (query: string | undefined, whole: string) => {
      if (query === undefined) return
      const q = encodeURIComponent(whole).length > addressTextMax ? undefined : whole
      inAddress.current = q
      change({ q, run: true, table: undefined, sort: undefined, filter: undefined, view: undefined })
      void run(query, search.as_of)
    },
    [change, run, search.as_of],
  )
  const runEditor = () => start(editor.current?.toRun() ?? toRun(text, 0, 0)?.text, text)
  const open = (query: string, isRun: boolean) => {
    setText(query)
    if (isRun) start(toRun(query, 0, 0)?.text, query)
    editor.current?.focus()
  }

  // A link to a query that was run shows its result, in the order and view of the link.
  const hasRun = useRef(false)
  useEffect(() => {
    if (hasRun.current || !session.data) return
    // After the page is drawn; a page that is taken away at once runs nothing.
    const timer = setTimeout(() => {
      hasRun.current = true
      const query = search.run && search.q ? toRun(search.q, 0, 0)?.text : undefined
      if (query !== undefined) void run(query, search.as_of)
    })
    return () => clearTimeout(timer)
  }, [search, session.data, run])

  const insert = (inserted: string) => editor.current?.insert(inserted)
  const why = text.trim() === '' ? texts.nothingToRun : undefined
  const busy = isRunning(result)

  return (
    <Page title={texts.hunting.title} description={texts.hunting.description}>
      <div className={mergeClasses(styles.columns, side === 'none' && styles.one)}>
        {side === 'none' ? null : (
          <aside className={styles.side} aria-label={texts.side.label}>
            <SideTabs side={side} onSide={(it) => change({ side: it })} />
            <div
              id="hunting-side"
              role="tabpanel"
              aria-labelledby={`hunting-side-${side}`}
              tabIndex={0}
              className={styles.panel}
            >
              {side === 'schema' ? <SchemaTree onInsert={insert} /> : null}
              {side === 'examples' ? <Examples onOpen={(query) => open(query, true)} /> : null}
              {side === 'saved' ? <Saved text={text} mayShare={mayShare} onOpen={(query) => open(query, false)} /> : null}
              {side === 'history' ? <History onOpen={(query) => open(query, false)} /> : null}
              {side === 'library' ? <Library mayChange={mayShare} onInsert={insert} /> : null}
            </div>
          </aside>
        )}
        <div className={styles.main}>
          <Section title={texts.editor.label} isTitleHidden>
            <div className={styles.bar}>
              {busy ? (
                <Button appearance="primary" onClick={cancel}>
                  {texts.cancel}
                </Button>
              ) : (
                <RunButton why={why} onRun={runEditor} />
              )}
              <Button icon={<SaveIcon />} disabled={why !== undefined} onClick={() => setIsSaving(true)}>
                {texts.save}
              </Button>
              <Button
                icon={<LinkIcon />}
                disabled={why !== undefined || isTooLong}
                onClick={() => void copyLink(text, search.as_of)}
              >
                {texts.copyLink}
              </Button>
              <AsOf value={search.as_of} onChange={(it) => change({ as_of: it })} />
              <span className={styles.grow} />
              <Button
                appearance="subtle"
                aria-expanded={side !== 'none'}
                onClick={() => change({ side: side === 'none' ? 'schema' : 'none' })}
              >
                {side === 'none' ? texts.side.show : texts.side.hide}
              </Button>
            </div>
            <div className={styles.editor}>
              <Suspense fallback={<PageLoading what={texts.editor.loading} />}>
                <Editor ref={editor} text={text} language={language} onChange={setText} onRun={runEditor} />
              </Suspense>
            </div>
            <div className={styles.bar}>
              <span className={styles.keys}>{isTooLong ? texts.editor.tooLong : texts.editor.keys}</span>
              <span className={styles.grow} />
              <Status result={result} />
            </div>
          </Section>
          <Section title={texts.results} isFlush isTitleHidden>
            <Results
              result={result}
              search={search}
              change={change}
              onGoTo={(line, column) => editor.current?.goTo(result.query, line, column)}
              onExamples={() => change({ side: 'examples' })}
            />
          </Section>
        </div>
      </div>
      {isSaving ? <SaveDialog query={text} mayShare={mayShare} onClose={() => setIsSaving(false)} /> : null}
    </Page>
  )
}

function SideTabs({ side, onSide }: { side: Side; onSide: (side: Side) => void }) {
  const styles = useStyles()
  return (
    <TabList
      size="small"
      className={styles.tabs}
      aria-label={texts.side.label}
      selectedValue={side}
      onTabSelect={(_, data) => onSide(data.value as Side)}
    >
      {sides.map((it) => (
        <Tab key={it} value={it} className={styles.tab} id={`hunting-side-${it}`} aria-controls="hunting-side">
          {texts.side.tabs[it]}
        </Tab>
      ))}
    </TabList>
  )
}

function RunButton({ why, onRun }: { why: string | undefined; onRun: () => void }) {
  const button = (
    <Button appearance="primary" icon={<RunIcon />} disabledFocusable={why !== undefined} onClick={onRun}>
      {texts.run}
    </Button>
  )
  if (why === undefined) return button
  return (
    <Tooltip content={why} relationship="description">
      {button}
    </Tooltip>
  )
}

/** Which generation is asked; the newest, unless somebody chooses. */
function AsOf({ value, onChange }: { value: string | undefined; onChange: (value: string | undefined) => void }) {
  const styles = useStyles()
  const { data } = useQuery(queries.generations())
  const options = useMemo(
    () => (data?.items ?? []).map((it) => ({ id: String(it.number), name: texts.generation(it.number, fullTime(it.evaluated_at)) })),
    [data],
  )
  if (options.length < 2 && value === undefined) return null
  return (
    <Dropdown
      className={styles.asOf}
      aria-label={texts.asOf}
      value={options.find((it) => it.id === value)?.name ?? value ?? texts.newest}
      selectedOptions={[value ?? '']}
      onOptionSelect={(_, chosen) => onChange(chosen.optionValue || undefined)}
    >
      <Option value="">{texts.newest}</Option>
      {options.map((it) => (
        <Option key={it.id} value={it.id}>
          {it.name}
        </Option>
      ))}
    </Dropdown>
  )
}

/** How it goes: what it waits for, how long it has run, how many rows there are. */
function Status({ result }: { result: RunResult }) {
  const styles = useStyles()
  const busy = isRunning(result)
  const [now, setNow] = useState(0)
  useEffect(() => {
    if (!busy) return
    const timer = setInterval(() => setNow(performance.now()), elapsedEveryMs)
    return () => clearInterval(timer)
  }, [busy])
  const rows = result.tables.reduce((sum, it) => sum + it.rows.length, 0)
  // Screen readers hear what changes, not each tenth of a second.
  return (
    <span className={styles.status}>
      <span role="status">
        {busy ? texts.state[result.state === 'queued' ? 'queued' : 'running'] : null}
        {result.state === 'done' ? texts.state.done(rows, seconds(result.wallMs ?? 0)) : null}
      </span>
      {busy ? ` ${texts.state.elapsed(seconds(Math.max(now - result.startedAt, 0)))}` : null}
      {busy && rows > 0 ? `, ${texts.state.rowsSoFar(rows)}` : null}
    </span>
  )
}

/** To this page with this query, which is then run. */
async function copyLink(text: string, asOf: string | undefined) {
  const link = new URL(window.location.href)
  link.searchParams.set('q', text)
  link.searchParams.set('run', 'true')
  if (asOf !== undefined) link.searchParams.set('as_of', asOf)
  try {
    await navigator.clipboard.writeText(link.href)
    toast.done(texts.linkCopied)
  } catch {
    toast.failed(new Error(texts.grid.notCopied))
  }
}
