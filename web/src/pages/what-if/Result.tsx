// Before and after, beside each other.

import { makeStyles, MessageBar, MessageBarBody, Tab, TabList, tokens } from '@fluentui/react-components'
import { useQuery } from '@tanstack/react-query'

import { queries } from '@/api/queries'
import type { ComparedPath, PathList, Weight, WhatIfReport } from '@/api/types'
import { AppLink } from '@/components/AppLink'
import { RiskBadge } from '@/components/Badges'
import { column, DataTable } from '@/components/DataTable'
import { Section } from '@/components/Page'
import { PlaceLink } from '@/components/PlaceLink'
import { Stat, Stats } from '@/components/Stat'
import { number } from '@/lib/format'

import { lists, type ListName } from './search'
import { texts } from './texts'

const useStyles = makeStyles({
  body: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalL },
  bars: {
    display: 'grid',
    gridTemplateColumns: 'max-content minmax(0, 1fr) max-content',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalM,
    rowGap: tokens.spacingVerticalXS,
    fontVariantNumeric: 'tabular-nums',
  },
  track: { height: '14px', backgroundColor: tokens.colorNeutralBackground4, borderRadius: tokens.borderRadiusSmall },
  bar: { height: '100%', borderRadius: tokens.borderRadiusSmall, backgroundColor: tokens.colorBrandBackground },
  freed: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalXS, margin: 0, padding: 0, listStyleType: 'none' },
  title: { margin: `0 0 ${tokens.spacingVerticalXS}`, fontSize: tokens.fontSizeBase300, fontWeight: tokens.fontWeightSemibold },
  weight: { display: 'inline-flex', alignItems: 'center', columnGap: tokens.spacingHorizontalS },
  quiet: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200 },
  note: { padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalL}`, color: tokens.colorNeutralForeground2 },
  tabs: { padding: `0 ${tokens.spacingHorizontalXS}` },
})

function WeightCell({ weight }: { weight: Weight | null | undefined }) {
  const styles = useStyles()
  if (!weight) return <span className={styles.quiet}>{texts.none}</span>
  return (
    <span className={styles.weight}>
      <RiskBadge risk={weight.risk} />
      <span className={styles.quiet}>{texts.weight(weight.hops, weight.cost)}</span>
    </span>
  )
}

const ends = (it: ComparedPath) => `${it.entry_name} → ${it.target_name}`

const now = column.text<ComparedPath>('before', (it) => <WeightCell weight={it.before} />, {
  title: texts.columns.before,
  width: '15rem',
  narrow: 'below',
})
const then = column.text<ComparedPath>('after', (it) => <WeightCell weight={it.after} />, {
  title: texts.columns.after,
  width: '15rem',
  narrow: 'below',
})
const path = column.text<ComparedPath>(
  'path',
  (it) => (
    <AppLink to="/attack-paths/$pathId" params={{ pathId: it.id }} title={ends(it)}>
      {ends(it)}
    </AppLink>
  ),
  { title: texts.columns.path },
)

/** A path that would be new has no page yet. */
const newPath = column.text<ComparedPath>('path', (it) => <span title={ends(it)}>{ends(it)}</span>, {
  title: texts.columns.path,
})

const columns = { gone: [path, now], changed: [path, now, then], appeared: [newPath, then] }

const panelId = 'what-if-list'
const tabId = (list: ListName) => `what-if-tab-${list}`

export function Result({
  report,
  list,
  onList,
}: {
  report: WhatIfReport
  list: ListName | undefined
  onList: (list: ListName) => void
}) {
  const styles = useStyles()
  const state = useQuery(queries.state())
  const { gone, changed, appeared, targets_freed: freed } = report
  const shown = list ?? lists.find((it) => report[it].total > 0) ?? 'gone'
  const newest = state.data?.generation
  const isSame = gone.total + changed.total + appeared.total === 0
  return (
    <>
      <Section title={texts.result}>
        <div className={styles.body}>
          {newest && newest > report.generation ? (
            <MessageBar intent="warning">
              <MessageBarBody>{texts.older(report.generation)}</MessageBarBody>
            </MessageBar>
          ) : null}
          {isSame ? (
            <MessageBar intent="info">
              <MessageBarBody>{texts.nothingChanges}</MessageBarBody>
            </MessageBar>
          ) : null}
          <Comparison before={report.paths_before} after={report.paths_after} />
          <Stats>
            <Stat title={texts.lists.gone} value={gone.total} tone={gone.total > 0 ? 'good' : 'neutral'} />
            <Stat title={texts.lists.changed} value={changed.total} />
            <Stat title={texts.lists.appeared} value={appeared.total} tone={appeared.total > 0 ? 'bad' : 'neutral'} />
            <Stat title={texts.freedCount} value={freed.length} tone={freed.length > 0 ? 'good' : 'neutral'} />
          </Stats>
          {freed.length > 0 ? (
            <div>
              <h3 className={styles.title}>{texts.freed}</h3>
              <ul className={styles.freed} aria-label={texts.freed}>
                {freed.map((it) => (
                  <li key={it.id}>
                    <PlaceLink {...it} />
                  </li>
                ))}
              </ul>
            </div>
          ) : (
            <div>{texts.noFreed}</div>
          )}
        </div>
      </Section>
      <Section title={texts.lists[shown]} isFlush>
        <TabList
          aria-label={texts.listsLabel}
          size="small"
          className={styles.tabs}
          selectedValue={shown}
          onTabSelect={(_, data) => onList(data.value as ListName)}
        >
          {lists.map((it) => (
            <Tab key={it} value={it} id={tabId(it)} aria-controls={panelId}>
              {texts[it]} ({number(report[it].total)})
            </Tab>
          ))}
        </TabList>
        <div id={panelId} role="tabpanel" aria-labelledby={tabId(shown)}>
          <List name={shown} list={report[shown]} />
        </div>
      </Section>
    </>
  )
}

function List({ name, list }: { name: ListName; list: PathList }) {
  const styles = useStyles()
  return (
    <>
      <DataTable
        label={texts.lists[name]}
        columns={columns[name]}
        query={{ data: { items: list.listed }, error: null, isPending: false, refetch: () => undefined }}
        keyOf={(it) => it.id}
        empty={<div className={styles.note}>{texts.listEmpty[name]}</div>}
      />
      {list.truncated ? <div className={styles.note}>{texts.truncated(list.listed.length, list.total)}</div> : null}
    </>
  )
}

/** Two bars of one scale. The sentence says the same. */
function Comparison({ before, after }: { before: number; after: number }) {
  const styles = useStyles()
  const most = Math.max(before, after, 1)
  return (
    <div className={styles.bars} role="img" aria-label={texts.comparison(before, after)}>
      {[
        { title: texts.before, value: before },
        { title: texts.after, value: after },
      ].map(({ title, value }) => [
        <span key={`${title} title`}>{title}</span>,
        <div key={`${title} bar`} className={styles.track}>
          <div className={styles.bar} style={{ width: `${(100 * value) / most}%` }} />
        </div>,
        <span key={`${title} value`}>{number(value)}</span>,
      ])}
    </div>
  )
}
