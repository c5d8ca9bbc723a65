// Entry points that lie inside of a target: there is no path to draw.

import { makeStyles, tokens } from '@fluentui/react-components'
import { useQuery } from '@tanstack/react-query'

import { queries } from '@/api/queries'
import type { Basis, ExposedCriticalAsset } from '@/api/types'
import { EmptyState } from '@/components/EmptyState'
import { ShieldIcon } from '@/components/icons'
import { PageLoading, Section } from '@/components/Page'
import { PlaceLink } from '@/components/PlaceLink'
import { ProblemMessage } from '@/components/ProblemMessage'
import { capital } from '@/lib/format'

import { BasisSection, basesOf, type ViewProps } from './ByBasis'
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

export function ExposedView({ search }: ViewProps) {
  const styles = useStyles()
  const query = useQuery(queries.exposedCriticalAssets())
  if (query.error) return <ProblemMessage error={query.error} onRetry={() => void query.refetch()} />
  if (!query.data) return <PageLoading what={texts.views.exposed.toLowerCase()} />
  const all = query.data.items
  if (all.length === 0) {
    return (
      <Section title={texts.views.exposed}>
        <EmptyState icon={ShieldIcon} title={texts.exposedEmpty.title}>
          {texts.exposedEmpty.hint}
        </EmptyState>
      </Section>
    )
  }
  return (
    <>
      <div className={styles.hint}>{texts.exposedHint}</div>
      {basesOf(search).map((basis) => (
        <Group key={basis} basis={basis} exposed={all.filter((it) => it.basis === basis)} />
      ))}
    </>
  )
}

function Group({ basis, exposed }: { basis: Basis; exposed: readonly ExposedCriticalAsset[] }) {
  const styles = useStyles()
  return (
    <BasisSection basis={basis} isEmpty={exposed.length === 0} none={texts.exposedNone}>
      <ul className={styles.list} aria-label={`${texts.views.exposed}: ${texts.bases[basis].title.toLowerCase()}`}>
        {exposed.map((it) => (
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
    </BasisSection>
  )
}
