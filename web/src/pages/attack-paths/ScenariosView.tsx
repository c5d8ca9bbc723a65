// Paths of one shape are a scenario: this is where a person begins to read.

import { makeStyles, tokens } from '@fluentui/react-components'
import { useQuery } from '@tanstack/react-query'

import { queries } from '@/api/queries'
import type { ScenarioRow } from '@/api/types'
import { AppLink, ButtonLink } from '@/components/AppLink'
import { GradeBadge, Label, RiskBadge } from '@/components/Badges'
import { EmptyState } from '@/components/EmptyState'
import { AttackPathIcon } from '@/components/icons'
import { PageLoading, Section } from '@/components/Page'
import { ProblemMessage } from '@/components/ProblemMessage'
import { narrow } from '@/lib/useMedia'

import { BasisSection, basesOf, NothingObserved, type ViewProps } from './ByBasis'
import { texts } from './texts'

const useStyles = makeStyles({
  list: { listStyleType: 'none', margin: 0, padding: 0 },
  row: {
    display: 'grid',
    gridTemplateColumns: '80px minmax(0, 1fr) 150px 150px',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalL,
    padding: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalL}`,
    borderTop: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
    ':hover': { backgroundColor: tokens.colorNeutralBackground1Hover },
    [narrow]: { gridTemplateColumns: '80px minmax(0, 1fr)', rowGap: tokens.spacingVerticalXS },
  },
  title: { overflowWrap: 'anywhere' },
  ends: { fontWeight: tokens.fontWeightSemibold },
  spread: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200, lineHeight: tokens.lineHeightBase300 },
  numbers: {
    display: 'flex',
    alignItems: 'center',
    justifyContent: 'flex-end',
    columnGap: tokens.spacingHorizontalS,
    fontVariantNumeric: 'tabular-nums',
    [narrow]: { gridColumn: '2', justifyContent: 'flex-start' },
  },
  easiest: { [narrow]: { gridColumn: '2' } },
})

export function ScenariosView({ search }: ViewProps) {
  const query = useQuery(queries.scenarios())
  const overview = useQuery(queries.overview())
  if (query.error) return <ProblemMessage error={query.error} onRetry={() => void query.refetch()} />
  if (!query.data) return <PageLoading what={texts.views.scenarios.toLowerCase()} />
  const all = query.data.items
  if (all.length === 0) {
    const why = overview.data?.why_no_paths ?? []
    return (
      <Section title={texts.views.scenarios}>
        <EmptyState
          icon={AttackPathIcon}
          title={texts.empty.title}
          actions={<ButtonLink to="/coverage">{texts.empty.action}</ButtonLink>}
        >
          {why.length > 0 ? why.map((it) => <div key={it}>{it}</div>) : texts.empty.hint}
        </EmptyState>
      </Section>
    )
  }
  return (
    <>
      <NothingObserved />
      {basesOf(search).map((basis) => (
        <Group key={basis} basis={basis} scenarios={all.filter((it) => it.basis === basis)} />
      ))}
    </>
  )
}

function Group({ basis, scenarios }: { basis: ScenarioRow['basis']; scenarios: readonly ScenarioRow[] }) {
  const styles = useStyles()
  return (
    <BasisSection basis={basis} isEmpty={scenarios.length === 0}>
      <ul className={styles.list} aria-label={texts.scenario.byBasis(texts.bases[basis].title)}>
        {scenarios.map((it) => (
          <li key={it.id} className={styles.row}>
            <span>
              <RiskBadge risk={it.risk} />
            </span>
            <div>
              <AppLink to="/attack-paths" search={{ scenario: it.id }} className={styles.title}>
                <ScenarioTitle title={it.title} />
              </AppLink>
              <div className={styles.spread}>
                {texts.scenario.entries(it.entries)}, {texts.scenario.targets(it.targets)}
              </div>
            </div>
            <div className={styles.easiest}>
              <GradeBadge grade={it.grade} />
              <div className={styles.spread}>
                {texts.scenario.easiest}, {texts.scenario.cost(it.cost)}
              </div>
            </div>
            <div className={styles.numbers}>
              {it.new_paths > 0 ? <Label look="brand">{texts.scenario.fresh(it.new_paths)}</Label> : null}
              {texts.scenario.paths(it.paths)}
            </div>
          </li>
        ))}
      </ul>
    </BasisSection>
  )
}

/** From where to where stands out; by which techniques follows in plain. */
function ScenarioTitle({ title }: { title: string }) {
  const styles = useStyles()
  const at = title.lastIndexOf(', by ')
  if (at < 0) return title
  return (
    <>
      <span className={styles.ends}>{title.slice(0, at)}</span>
      {title.slice(at)}
    </>
  )
}
