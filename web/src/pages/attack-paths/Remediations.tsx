import { makeStyles, Text, tokens } from '@fluentui/react-components'

import type { RemediationReport } from '@/api/types'
import { capital } from '@/lib/format'

import { texts } from './texts'

const useStyles = makeStyles({
  list: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalM, margin: 0, paddingLeft: '20px' },
  who: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200, lineHeight: tokens.lineHeightBase300 },
})

type Fix = Omit<RemediationReport, 'id'>

/** Who does it, and how much it takes, in a line. */
export const whoAndEffort = (fix: Fix) => `${capital(fix.owner)}, ${texts.effort(fix.cost)}`

/** What can be done, the cheapest first. */
export function Remediations({ fixes }: { fixes: readonly Fix[] }) {
  const styles = useStyles()
  if (fixes.length === 0) return <p>{texts.noRemediations}</p>
  return (
    <ol className={styles.list} aria-label={texts.remediations}>
      {fixes.map((fix) => (
        <li key={fix.title}>
          <Text weight="semibold">{fix.title}</Text>
          <div>{fix.text}</div>
          <div className={styles.who}>{whoAndEffort(fix)}</div>
        </li>
      ))}
    </ol>
  )
}
