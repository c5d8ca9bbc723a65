import { makeStyles, tokens } from '@fluentui/react-components'

import { KindIcon } from '@/components/KindIcon'
import { number } from '@/lib/format'

import { texts } from './texts'

const useStyles = makeStyles({
  table: { width: '100%', maxWidth: '640px', borderCollapse: 'collapse', fontVariantNumeric: 'tabular-nums' },
  hidden: { position: 'absolute', width: '1px', height: '1px', overflow: 'hidden', clipPath: 'inset(50%)' },
  kind: {
    width: '1%',
    padding: `${tokens.spacingVerticalXXS} ${tokens.spacingHorizontalM} ${tokens.spacingVerticalXXS} 0`,
    textAlign: 'left',
    fontWeight: tokens.fontWeightRegular,
    whiteSpace: 'nowrap',
  },
  name: { marginLeft: tokens.spacingHorizontalSNudge },
  bar: {
    height: '14px',
    minWidth: '2px',
    borderRadius: tokens.borderRadiusSmall,
    backgroundColor: tokens.colorBrandBackground,
  },
  count: { width: '1%', paddingLeft: tokens.spacingHorizontalM, textAlign: 'right' },
})

/** The greatest first, then by name. */
export const kindsOf = (byKind: Record<string, number>) =>
  Object.entries(byKind).toSorted(([a, x], [b, y]) => y - x || a.localeCompare(b))

/** How many of each kind: a table whose middle column is drawn. */
export function KindBars({ byKind }: { byKind: Record<string, number> }) {
  const styles = useStyles()
  const kinds = kindsOf(byKind)
  const most = kinds[0]?.[1] ?? 1
  return (
    <table className={styles.table}>
      <caption className={styles.hidden}>{texts.blast.byKind}</caption>
      <thead className={styles.hidden}>
        <tr>
          <th scope="col">{texts.blast.kind}</th>
          <th scope="col">{texts.blast.count}</th>
        </tr>
      </thead>
      <tbody>
        {kinds.map(([kind, count]) => (
          <tr key={kind}>
            <th scope="row" className={styles.kind}>
              <KindIcon kind={kind} />
              <span className={styles.name}>{kind}</span>
            </th>
            <td aria-hidden>
              <div className={styles.bar} style={{ width: `${(100 * count) / most}%` }} />
            </td>
            <td className={styles.count}>{number(count)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
