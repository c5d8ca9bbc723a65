import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components'
import type { ReactNode } from 'react'

import { number } from '@/lib/format'

import { AppLink } from './AppLink'
import { texts } from './texts'

const useStyles = makeStyles({
  row: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fit, minmax(170px, 1fr))',
    gap: tokens.spacingHorizontalM,
  },
  tile: {
    position: 'relative',
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalXXS,
    minWidth: 0,
    padding: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalL}`,
    border: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusLarge,
    backgroundColor: tokens.colorNeutralBackground1,
  },
  linked: { ':hover': { backgroundColor: tokens.colorNeutralBackground1Hover } },
  title: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200, lineHeight: tokens.lineHeightBase200 },
  link: { color: 'inherit', '::after': { content: '""', position: 'absolute', inset: 0 } },
  value: {
    display: 'flex',
    alignItems: 'baseline',
    columnGap: tokens.spacingHorizontalXS,
    fontSize: tokens.fontSizeHero700,
    lineHeight: tokens.lineHeightHero700,
    fontWeight: tokens.fontWeightSemibold,
    fontVariantNumeric: 'tabular-nums',
  },
  of: { fontSize: tokens.fontSizeBase300, fontWeight: tokens.fontWeightRegular, color: tokens.colorNeutralForeground2 },
  bad: { color: tokens.colorPaletteRedForeground1 },
  good: { color: tokens.colorPaletteGreenForeground1 },
  note: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200, lineHeight: tokens.lineHeightBase200 },
})

/** Tiles beside each other, as many as there is room for. */
export function Stats({ children }: { children: ReactNode }) {
  return <div className={useStyles().row}>{children}</div>
}

/** One number that matters, what it counts, and where to see the rows behind it. */
export function Stat({
  title,
  value,
  of,
  tone = 'neutral',
  note,
  to,
  search,
}: {
  title: string
  value: number | string | null | undefined
  /** `3 of 12` */
  of?: number
  tone?: 'neutral' | 'bad' | 'good'
  note?: ReactNode
  to?: string
  search?: Record<string, unknown>
}) {
  const styles = useStyles()
  const shown = typeof value === 'number' ? number(value) : (value ?? texts.unknown)
  return (
    <div className={mergeClasses(styles.tile, to && styles.linked)} role="group" aria-label={title}>
      <div className={styles.title}>
        {to ? (
          <AppLink to={to} search={(search ?? {}) as never} className={styles.link}>
            {title}
          </AppLink>
        ) : (
          title
        )}
      </div>
      <div className={styles.value}>
        <span className={mergeClasses(tone === 'bad' && styles.bad, tone === 'good' && styles.good)}>{shown}</span>
        {of === undefined ? null : <span className={styles.of}>of {number(of)}</span>}
      </div>
      {note ? <div className={styles.note}>{note}</div> : null}
    </div>
  )
}
