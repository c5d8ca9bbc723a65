// Entry points that lie inside of a target: there is no path to draw.

import { makeStyles, tokens } from '@fluentui/react-components'
import { useQuery } from '@tanstack/react-query'

import { queries } from '@/api/queries'
import type { Basis } from '@/api/types'
import { EmptyState } from '@/components/EmptyState'
import { ShieldIcon } from '@/components/icons'
import { PageLoading, Section } from '@/components/Page'
import Pager from '@/components/Pager'
import { PlaceLink } from '@/components/PlaceLink'
import { ProblemMessage } from '@/components/ProblemMessage'
import { capital, counted } from '@/lib/format'

import { BasisSection, basesOf, groupRows, type ViewProps } from './ByBasis'
import { texts } from './texts'

const useStyles = makeStyles({
  hint: { maxWidth: '100ch' },
  list: { listStyleType: 'none', margin: 0, padding: 0 },
  row: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalXXS,
    padding: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalL}`,
    borderTop: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
  },
  ends: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalS,
    fontWeight: tokens.fontWeightSemibold,
  },
  class: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200 },
})

export function ExposedView({ search, change }: ViewProps) {
  const styles = useStyles()
  const query = useQuery(queries.exposedCriticalAssets({ limit: 1 }))
  if (query.error) return <ProblemMessage error={query.error} onRetry={() => void query.refetch()} />
  if (!query.data) return <PageLoading what={texts.views.exposed.toLowerCase()} />
  if (query.data.total === 0) {
    return (
      <Section title={texts.views.exposed}>
        <EmptyState icon={ShieldIcon} title={texts.exposedEmpty.title}>
          {texts.exposedEmpty.hint}
        </EmptyState>
      </Section>
    )
  }
  const shown = basesOf(search)
  return (
    <>
      <div className={styles.hint}>{texts.exposedHint}</div>
      {shown.map((basis) => (
        <Group key={basis} basis={basis} isAlone={shown.length === 1} search={search} change={change} />
      ))}
    </>
  )
}

function Group({ basis, isAlone, search, change }: ViewProps & { basis: Basis; isAlone: boolean }) {
  const styles = useStyles()
  const { offset, limit } = search
  const page = isAlone ? { offset, limit } : { limit: groupRows }
  const query = useQuery(queries.exposedCriticalAssets({ basis: [basis], ...page }))
  if (query.error) return <ProblemMessage error={query.error} onRetry={() => void query.refetch()} />
  const total = query.data?.total
  const label = `${texts.views.exposed}: ${texts.bases[basis].title.toLowerCase()}`
  return (
    <BasisSection
      basis={basis}
      isEmpty={total === 0}
      none={texts.exposedNone}
      found={total === undefined ? undefined : counted(total, ...texts.found.exposed)}
      all={
        !isAlone && total !== undefined && total > groupRows
          ? { text: texts.all(total, `${basis} ${texts.found.exposed[1]}`), search: { view: 'exposed', basis: [basis] } }
          : undefined
      }
    >
      <ul className={styles.list} aria-label={label}>
        {query.data?.items.map((it) => (
          <li key={`${it.entry.id} ${it.target.id}`} className={styles.row}>
            <div className={styles.ends}>
              <PlaceLink {...it.entry} />
              {it.entry.id === it.target.id ? null : (
                <>
                  {texts.inside} <PlaceLink {...it.target} />
                </>
              )}
            </div>
            <div className={styles.class}>{it.entry_class_title}</div>
            <div>{capital(it.reason)}</div>
          </li>
        ))}
      </ul>
      {isAlone && query.data ? <Pager label={label} answer={query.data} onChange={change} /> : null}
    </BasisSection>
  )
}
