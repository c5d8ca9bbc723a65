// What became of attack paths, and why: in short on the overview, whole on its own page.

import { makeStyles, Text, tokens } from '@fluentui/react-components'

import type { ChangesReport, PathChange } from '@/api/types'
import { AppLink } from '@/components/AppLink'
import { RiskBadge, StatusBadge } from '@/components/Badges'
import { PlaceLink } from '@/components/PlaceLink'
import { number } from '@/lib/format'

import { texts } from './texts'

const useStyles = makeStyles({
  counts: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalXL, margin: 0 },
  count: { display: 'flex', flexDirection: 'column-reverse' },
  countName: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200 },
  countValue: {
    margin: 0,
    fontSize: tokens.fontSizeBase500,
    lineHeight: tokens.lineHeightBase500,
    fontWeight: tokens.fontWeightSemibold,
    fontVariantNumeric: 'tabular-nums',
  },
  list: {
    listStyleType: 'none',
    margin: 0,
    padding: 0,
    display: 'flex',
    flexDirection: 'column',
    '> li': { padding: `${tokens.spacingVerticalS} 0` },
    '> li:not(:last-child)': { borderBottom: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}` },
  },
  head: { display: 'flex', flexWrap: 'wrap', alignItems: 'center', columnGap: tokens.spacingHorizontalS },
  path: { overflowWrap: 'anywhere', minWidth: 0 },
  reason: { color: tokens.colorNeutralForeground2, overflowWrap: 'anywhere' },
  inputs: { margin: 0, paddingLeft: tokens.spacingHorizontalL, color: tokens.colorNeutralForeground2, overflowWrap: 'anywhere' },
  places: { display: 'flex', flexWrap: 'wrap', alignItems: 'center', columnGap: tokens.spacingHorizontalM },
})

const order = ['new', 'reopened', 'rerouted', 'resolved', 'unconfirmed'] as const

export function ChangeCounts({ changes }: { changes: ChangesReport }) {
  const styles = useStyles()
  return (
    <dl className={styles.counts}>
      {order.map((it) => (
        <div key={it} className={styles.count}>
          <dt className={styles.countName}>{texts.change.counts[it]}</dt>
          <dd className={styles.countValue}>{number(changes.counts[it])}</dd>
        </div>
      ))}
    </dl>
  )
}

/** A path that is gone has no page any more. */
const isGone = (change: PathChange) => change.status === 'resolved' || change.status === 'unconfirmed'

export function ChangeList({ items }: { items: readonly PathChange[] }) {
  const styles = useStyles()
  return (
    <ul className={styles.list}>
      {items.map((it) => {
        const title = texts.change.path(it.entry_name, it.target_name)
        return (
          <li key={it.path}>
            <div className={styles.head}>
              <StatusBadge status={it.status} />
              <span className={styles.path}>
                {isGone(it) ? (
                  <Text>{title}</Text>
                ) : (
                  <AppLink to="/attack-paths/$pathId" params={{ pathId: it.path }}>
                    {title}
                  </AppLink>
                )}
              </span>
              {it.risk ? <RiskBadge risk={it.risk} /> : null}
            </div>
            {it.reason ? <div className={styles.reason}>{it.reason}</div> : null}
          </li>
        )
      })}
    </ul>
  )
}

/** Which files, decisions, settings and rules differ: the sentences of the server. */
export function ChangedInputs({ inputs }: { inputs: readonly string[] }) {
  const styles = useStyles()
  if (inputs.length === 0) return null
  return (
    <div>
      <Text size={200} weight="semibold">
        {texts.change.why}
      </Text>
      <ul className={styles.inputs}>
        {inputs.map((it) => (
          <li key={it}>{it}</li>
        ))}
      </ul>
    </div>
  )
}

export function TargetChanges({ changes }: { changes: ChangesReport }) {
  const styles = useStyles()
  const rows = [
    { title: texts.change.reached, places: changes.targets_reached },
    { title: texts.change.freed, places: changes.targets_freed },
  ].filter((it) => it.places.length > 0)
  return (
    <>
      {rows.map((it) => (
        <div key={it.title} className={styles.places}>
          <Text size={200} weight="semibold">
            {it.title}
          </Text>
          {it.places.map((place) => (
            <PlaceLink key={place.id} {...place} />
          ))}
        </div>
      ))}
    </>
  )
}
