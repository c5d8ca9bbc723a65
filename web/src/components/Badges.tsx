// Small labels for risk, grade, status and basis. The word always stands there; colour only helps.

import { makeStyles, mergeClasses, tokens, Tooltip } from '@fluentui/react-components'
import type { ReactElement } from 'react'

import { capital } from '@/lib/format'

import { texts } from './texts'

const useStyles = makeStyles({
  badge: {
    display: 'inline-flex',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalXS,
    height: '20px',
    padding: `0 ${tokens.spacingHorizontalS}`,
    borderRadius: tokens.borderRadiusMedium,
    fontSize: tokens.fontSizeBase200,
    lineHeight: tokens.lineHeightBase200,
    fontWeight: tokens.fontWeightSemibold,
    whiteSpace: 'nowrap',
    border: `${tokens.strokeWidthThin} solid transparent`,
  },
  plain: {
    paddingLeft: 0,
    paddingRight: 0,
    fontWeight: tokens.fontWeightRegular,
    color: tokens.colorNeutralForeground2,
  },
  critical: { backgroundColor: tokens.colorPaletteRedBackground2, color: tokens.colorPaletteRedForeground2 },
  high: {
    backgroundColor: tokens.colorPaletteDarkOrangeBackground2,
    color: tokens.colorPaletteDarkOrangeForeground2,
  },
  medium: { backgroundColor: tokens.colorPaletteMarigoldBackground2, color: tokens.colorPaletteMarigoldForeground2 },
  low: { backgroundColor: tokens.colorSubtleBackgroundSelected, color: tokens.colorNeutralForeground2 },
  good: { backgroundColor: tokens.colorPaletteGreenBackground2, color: tokens.colorPaletteGreenForeground2 },
  brand: { backgroundColor: tokens.colorBrandBackground2, color: tokens.colorBrandForeground2 },
  quiet: { color: tokens.colorNeutralForeground2, border: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke1}` },
  dashed: {
    color: tokens.colorNeutralForeground2,
    border: `${tokens.strokeWidthThin} dashed ${tokens.colorNeutralStrokeAccessible}`,
  },
  dots: { display: 'inline-flex', columnGap: '2px', marginRight: tokens.spacingHorizontalXS },
  dot: { width: '5px', height: '12px', borderRadius: '1px', backgroundColor: tokens.colorNeutralStroke1 },
  dotOn: { backgroundColor: tokens.colorNeutralForeground3 },
})

type Look = 'critical' | 'high' | 'medium' | 'low' | 'good' | 'brand' | 'quiet' | 'dashed'

/** A label of one word or two. `hint` explains the word. */
export function Label({ children, look = 'quiet', hint }: { children: string; look?: Look; hint?: string }) {
  const styles = useStyles()
  return <Hinted hint={hint}>{<span className={mergeClasses(styles.badge, styles[look])}>{children}</span>}</Hinted>
}

function Hinted({ hint, children }: { hint: string | undefined; children: ReactElement }) {
  if (!hint) return children
  return (
    <Tooltip content={hint} relationship="description">
      {children}
    </Tooltip>
  )
}

const riskLooks: Record<string, Look> = { critical: 'critical', high: 'high', medium: 'medium', low: 'low' }

export function RiskBadge({ risk }: { risk: string }) {
  return <Label look={riskLooks[risk] ?? 'quiet'}>{capital(risk)}</Label>
}

const gradeOrder = ['theoretical', 'hard', 'possible', 'likely', 'very likely', 'certain']

/** How sure it is that a step works: five bars, and the word. */
export function GradeBadge({ grade }: { grade: string }) {
  const styles = useStyles()
  const level = gradeOrder.indexOf(grade)
  return (
    <Hinted hint={texts.grades[grade]}>
      <span className={mergeClasses(styles.badge, styles.plain)}>
        <span className={styles.dots} aria-hidden>
          {gradeOrder.slice(1).map((it, index) => (
            <span key={it} className={mergeClasses(styles.dot, index < level && styles.dotOn)} />
          ))}
        </span>
        {capital(grade)}
      </span>
    </Hinted>
  )
}

const statusLooks: Record<string, Look> = {
  new: 'brand',
  reopened: 'high',
  resolved: 'good',
  unconfirmed: 'dashed',
  rerouted: 'medium',
}

export function StatusBadge({ status }: { status: string }) {
  const known = texts.statuses[status]
  return (
    <Label look={statusLooks[status] ?? 'quiet'} {...(known ? { hint: known.hint } : {})}>
      {known?.label ?? capital(status)}
    </Label>
  )
}

const basisLooks: Record<string, Look> = { observed: 'brand', inferred: 'quiet', assumed: 'dashed' }

/** Why somebody may begin there. Assumed entries are dashed: nobody has seen them. */
export function BasisBadge({ basis }: { basis: string }) {
  const known = texts.bases[basis]
  return (
    <Label look={basisLooks[basis] ?? 'quiet'} {...(known ? { hint: known.hint } : {})}>
      {known?.label ?? capital(basis)}
    </Label>
  )
}

export function CriticalityBadge({
  level,
  controlPlane,
}: {
  level: string | null | undefined
  controlPlane?: string | null | undefined
}) {
  if (controlPlane) return <Label look="critical">{texts.controlPlane}</Label>
  if (!level) return <span>{texts.none}</span>
  return <Label look={level === 'very high' ? 'critical' : (riskLooks[level] ?? 'quiet')}>{capital(level)}</Label>
}
