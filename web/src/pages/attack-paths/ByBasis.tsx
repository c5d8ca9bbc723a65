// Observed, inferred and assumed entries apart: their numbers are never added together.

import { makeStyles, tokens } from '@fluentui/react-components'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'

import { queries } from '@/api/queries'
import type { Basis } from '@/api/types'
import { AppLink, ButtonLink } from '@/components/AppLink'
import { Section } from '@/components/Page'

import { bases, type AttackPathsSearch } from './search'
import { texts } from './texts'

/** As many rows as a group shows beside the others; alone it has pages. */
export const groupRows = 10

export interface ViewProps {
  search: AttackPathsSearch
  change: (changes: { [Name in keyof AttackPathsSearch]?: AttackPathsSearch[Name] | undefined }) => void
}

const useStyles = makeStyles({
  note: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    justifyContent: 'space-between',
    gap: tokens.spacingHorizontalM,
  },
  found: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200, fontVariantNumeric: 'tabular-nums' },
  words: { maxWidth: '100ch' },
  none: { color: tokens.colorNeutralForeground2, padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalL} ${tokens.spacingVerticalM}` },
  more: { padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalL} ${tokens.spacingVerticalM}` },
})

/** The groups to show. */
export const basesOf = (search: AttackPathsSearch): readonly Basis[] => search.basis ?? bases

/** Says what paths stand on where nobody has seen an entry. */
export function NothingObserved() {
  const styles = useStyles()
  const { data } = useQuery(queries.overview())
  const observed = data?.summary.entry_points.find((it) => it.basis === 'observed')
  if (!data || (observed?.entry_points ?? 0) > 0) return null
  return (
    <Section title={texts.noObserved.title}>
      <div className={styles.note}>
        <div className={styles.words}>{texts.noObserved.hint}</div>
        <ButtonLink to="/coverage">{texts.noObserved.action}</ButtonLink>
      </div>
    </Section>
  )
}

/** How many rows there are; screen readers hear it change. */
export function Found({ children }: { children: string | undefined }) {
  const styles = useStyles()
  return (
    <span role="status" className={styles.found}>
      {children}
    </span>
  )
}

/** One basis: its rows, or in a line that there are none. */
export function BasisSection({
  basis,
  isEmpty,
  isFiltered = false,
  none = texts.basisEmpty,
  found,
  all,
  children,
}: {
  basis: Basis
  isEmpty: boolean
  isFiltered?: boolean
  /** What stands there when there is nothing, and no filter hides it. */
  none?: string
  /** How many rows there are. */
  found?: string | undefined
  /** Where all rows of this basis are, when some are not shown. */
  all?: { text: string; search: AttackPathsSearch } | undefined
  children: ReactNode
}) {
  const styles = useStyles()
  const { title, hint } = texts.bases[basis]
  return (
    <Section title={title} description={hint} actions={<Found>{found}</Found>} isFlush>
      {isEmpty ? <div className={styles.none}>{isFiltered ? texts.basisNoMatch : none}</div> : children}
      {all ? (
        <div className={styles.more}>
          <AppLink to="/attack-paths" search={all.search}>
            {all.text}
          </AppLink>
        </div>
      ) : null}
    </Section>
  )
}
