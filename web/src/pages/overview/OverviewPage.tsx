// What an exposure manager reads in the morning: where one stands, what changed and why, what to do first.

import { makeStyles, Text, tokens } from '@fluentui/react-components'
import { useQuery } from '@tanstack/react-query'

import { queries } from '@/api/queries'
import type { ChokePointReport, Freshness, HistoryPoint, Overview, ScenarioRow } from '@/api/types'
import { Age } from '@/components/Age'
import { AppLink, ButtonLink } from '@/components/AppLink'
import { BasisBadge, Label, RiskBadge } from '@/components/Badges'
import { column, DataTable } from '@/components/DataTable'
import { EmptyState } from '@/components/EmptyState'
import { UploadIcon } from '@/components/icons'
import { Page, PageLoading, Section } from '@/components/Page'
import { ProblemMessage } from '@/components/ProblemMessage'
import { Sparkline } from '@/components/Sparkline'
import { Stat, Stats } from '@/components/Stat'
import { number } from '@/lib/format'
import { narrow } from '@/lib/useMedia'

import { ChangeCounts, ChangedInputs, ChangeList, TargetChanges } from './Changes'
import { texts } from './texts'

const useStyles = makeStyles({
  columns: {
    display: 'grid',
    gridTemplateColumns: 'minmax(0, 3fr) minmax(0, 2fr)',
    alignItems: 'start',
    gap: tokens.spacingHorizontalL,
    [narrow]: { gridTemplateColumns: 'minmax(0, 1fr)' },
  },
  stack: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalL, minWidth: 0 },
  list: {
    listStyleType: 'none',
    margin: 0,
    padding: 0,
    '> li': { padding: `${tokens.spacingVerticalSNudge} 0` },
    '> li:not(:last-child)': { borderBottom: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}` },
  },
  item: { display: 'flex', alignItems: 'center', columnGap: tokens.spacingHorizontalM },
  words: { flexGrow: 1, minWidth: 0, display: 'flex', flexDirection: 'column' },
  quiet: { color: tokens.colorNeutralForeground2, overflowWrap: 'anywhere' },
  count: {
    flexShrink: 0,
    textAlign: 'right',
    fontVariantNumeric: 'tabular-nums',
    color: tokens.colorNeutralForeground2,
  },
  risk: { flexShrink: 0, width: '72px' },
  lines: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fit, minmax(150px, 1fr))',
    gap: tokens.spacingHorizontalL,
  },
  line: { display: 'flex', flexDirection: 'column', minWidth: 0, rowGap: tokens.spacingVerticalXS },
  fresh: { display: 'flex', alignItems: 'center', columnGap: tokens.spacingHorizontalS },
  foot: {
    display: 'flex',
    flexDirection: 'column',
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalL} ${tokens.spacingVerticalM}`,
  },
})

export function OverviewPage() {
  const query = useQuery(queries.overview())
  return (
    <Page
      title={texts.overview.title}
      description={texts.overview.description}
      actions={
        <ButtonLink to="/sources" icon={<UploadIcon />}>
          {texts.addFiles}
        </ButtonLink>
      }
    >
      {query.isPending ? <PageLoading what={texts.overview.title.toLowerCase()} /> : null}
      {query.error && !query.data ? <ProblemMessage error={query.error} onRetry={() => void query.refetch()} /> : null}
      {query.data ? <Content overview={query.data} /> : null}
    </Page>
  )
}

function Content({ overview }: { overview: Overview }) {
  const styles = useStyles()
  return (
    <>
      <Numbers overview={overview} />
      <div className={styles.columns}>
        <div className={styles.stack}>
          <Section
            title={texts.scenarios.title}
            description={texts.scenarios.description}
            actions={<AppLink to="/attack-paths">{texts.seeAll}</AppLink>}
          >
            <Scenarios scenarios={overview.scenarios} why={overview.why_no_paths} />
          </Section>
          <Section
            title={texts.chokePoints.title}
            description={texts.chokePoints.description}
            actions={<AppLink to="/choke-points">{texts.seeAll}</AppLink>}
          >
            <ChokePoints overview={overview} />
          </Section>
          <Section title={texts.history.title} description={texts.history.generations(overview.history.length)}>
            <History points={overview.history} />
          </Section>
        </div>
        <div className={styles.stack}>
          <Section
            title={texts.change.title}
            description={overview.previous ? texts.change.since(overview.previous.number) : undefined}
            actions={<AppLink to="/changes">{texts.seeAll}</AppLink>}
          >
            <Changed overview={overview} />
          </Section>
          <Section
            title={texts.freshness.title}
            description={texts.freshness.description}
            actions={<AppLink to="/coverage">{texts.seeAll}</AppLink>}
            isFlush
          >
            <FreshnessList overview={overview} />
          </Section>
        </div>
      </div>
    </>
  )
}

function Numbers({ overview }: { overview: Overview }) {
  const { summary, risks } = overview
  const { control_planes: planes, critical_assets: assets } = summary
  const reached = planes.reached + assets.reached
  const withPaths = (basis: string) => summary.entry_points.find((it) => it.basis === basis)?.with_paths ?? 0
  const [observed, inferred, assumed] = ['observed', 'inferred', 'assumed'].map(withPaths) as [number, number, number]
  return (
    <Stats>
      <Stat
        title={texts.stats.targets}
        value={reached}
        of={planes.total + assets.total}
        tone={reached > 0 ? 'bad' : 'good'}
        note={texts.stats.targetsNote(
          texts.stats.planes(planes.reached, planes.total),
          texts.stats.assets(assets.reached, assets.total),
        )}
        to="/attack-paths"
        search={{ view: 'targets' }}
      />
      <Stat
        title={texts.stats.entries}
        value={observed}
        tone={observed > 0 ? 'bad' : 'neutral'}
        note={observed > 0 ? texts.stats.entriesNote(inferred, assumed) : texts.stats.entriesNone(inferred, assumed)}
        to="/attack-paths"
        search={{ view: 'entries' }}
      />
      <Stat
        title={texts.stats.scenarios}
        value={summary.scenarios}
        note={texts.stats.scenariosNote(summary.paths)}
        to="/attack-paths"
      />
      <Stat
        title={texts.stats.critical}
        value={risks.critical}
        tone={risks.critical > 0 ? 'bad' : 'neutral'}
        note={texts.stats.criticalNote(risks.high, risks.medium + risks.low)}
        to="/attack-paths"
        search={{ view: 'paths', risk: ['critical'] }}
      />
      <Stat
        title={texts.stats.exposed}
        value={summary.exposed_critical_assets}
        tone={summary.exposed_critical_assets > 0 ? 'bad' : 'neutral'}
        note={texts.stats.exposedNote}
        to="/attack-paths"
        search={{ view: 'exposed' }}
      />
    </Stats>
  )
}

function Scenarios({ scenarios, why }: { scenarios: readonly ScenarioRow[]; why: readonly string[] }) {
  const styles = useStyles()
  if (scenarios.length === 0) return <EmptyState title={texts.scenarios.none}>{why.join(' ')}</EmptyState>
  return (
    <ul className={styles.list}>
      {scenarios.map((it) => (
        <li key={it.id} className={styles.item}>
          <span className={styles.risk}>
            <RiskBadge risk={it.risk} />
          </span>
          <span className={styles.words}>
            <AppLink to="/attack-paths" search={{ view: 'paths', scenario: it.id }}>
              {it.title}
            </AppLink>
            <span>
              <BasisBadge basis={it.basis} />{' '}
              {it.new_paths > 0 ? <Label look="brand">{texts.scenarios.isNew(it.new_paths)}</Label> : null}
            </span>
          </span>
          <span className={styles.count}>
            {number(it.paths)} {it.paths === 1 ? 'path' : 'paths'}
          </span>
        </li>
      ))}
    </ul>
  )
}

/** The cheapest of the changes that sever here. */
const cheapest = (point: ChokePointReport) => point.changes[0]?.steps[0]?.remediations[0]

function ChokePoints({ overview }: { overview: Overview }) {
  const styles = useStyles()
  if (overview.choke_points.length === 0) {
    const joint = overview.smallest_joint_change
    const hint = joint ? texts.chokePoints.joint(joint) : overview.why_no_paths.join(' ')
    return <EmptyState title={texts.chokePoints.none}>{hint}</EmptyState>
  }
  return (
    <ul className={styles.list}>
      {overview.choke_points.map((it) => {
        const fix = cheapest(it)
        return (
          <li key={it.name} className={styles.words}>
            <AppLink to="/choke-points" search={{ open: it.name }}>
              {it.name}
            </AppLink>
            <Text size={200} className={styles.quiet}>
              {texts.chokePoints.severs(it.targets_severed, it.entries_severed, it.paths_through)}
            </Text>
            {fix ? <Text size={200}>{texts.chokePoints.fix(fix.title, fix.owner)}</Text> : null}
          </li>
        )
      })}
    </ul>
  )
}

function Changed({ overview }: { overview: Overview }) {
  const styles = useStyles()
  const { changes } = overview
  if (!overview.previous) return <Text>{texts.change.first}</Text>
  return (
    <div className={styles.stack}>
      <ChangeCounts changes={changes} />
      <TargetChanges changes={changes} />
      {changes.items.length > 0 ? <ChangeList items={changes.items} /> : <Text>{texts.change.none}</Text>}
      <ChangedInputs inputs={changes.inputs} />
    </div>
  )
}

function History({ points }: { points: readonly HistoryPoint[] }) {
  const styles = useStyles()
  if (points.length < 2) return <Text>{texts.history.none}</Text>
  const lines = [
    { title: texts.history.paths, value: (it: HistoryPoint) => it.paths },
    { title: texts.history.targets, value: (it: HistoryPoint) => it.targets_reached },
    { title: texts.history.critical, value: (it: HistoryPoint) => it.critical },
  ]
  return (
    <div className={styles.lines}>
      {lines.map(({ title, value }) => {
        const last = points.at(-1)
        return (
          <div key={title} className={styles.line}>
            <Text size={200} className={styles.quiet}>
              {title}
            </Text>
            <Text size={500} weight="semibold">
              {last ? number(value(last)) : null}
            </Text>
            <Sparkline title={title} points={points.map((it) => ({ at: it.evaluated_at, value: value(it) }))} />
          </div>
        )
      })}
    </div>
  )
}

const freshnessColumns = [
  column.text<Freshness>(
    'boundary',
    (it) => (
      <AppLink to="/coverage" search={{ boundary: it.boundary }} title={it.name}>
        {it.name}
      </AppLink>
    ),
    { title: texts.freshness.columns.boundary },
  ),
  column.text<Freshness>(
    'newest',
    (it) => (
      <>
        <Age at={it.newest_observed_at} />{' '}
        {it.is_stale ? (
          <Label look="medium" hint={texts.freshness.staleHint}>
            {texts.freshness.stale}
          </Label>
        ) : null}
      </>
    ),
    { title: texts.freshness.columns.newest, width: '10rem' },
  ),
]

function FreshnessList({ overview }: { overview: Overview }) {
  const styles = useStyles()
  const list = {
    data: { items: overview.freshness },
    error: null,
    isPending: false,
    refetch: () => undefined,
  }
  return (
    <>
      <DataTable
        label={texts.freshness.title}
        columns={freshnessColumns}
        query={list}
        keyOf={(it) => it.boundary}
        empty={<EmptyState title={texts.freshness.none} />}
      />
      <div className={styles.foot}>
        {overview.gaps > 0 ? (
          <AppLink to="/coverage">{texts.coverage.gaps(overview.gaps)}</AppLink>
        ) : (
          <Text>{texts.coverage.noGaps}</Text>
        )}
        {overview.rejected_rows + overview.unread_files > 0 ? (
          <AppLink to="/sources">{texts.coverage.rejects(overview.rejected_rows, overview.unread_files)}</AppLink>
        ) : null}
      </div>
    </>
  )
}
