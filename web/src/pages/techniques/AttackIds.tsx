import { Link, makeStyles, tokens } from '@fluentui/react-components'

import { texts } from './texts'

const useStyles = makeStyles({
  list: {
    display: 'flex',
    flexWrap: 'wrap',
    columnGap: tokens.spacingHorizontalM,
    listStyleType: 'none',
    margin: 0,
    padding: 0,
  },
})

/** Where MITRE describes a technique: a part of one has its own page below it. */
export const addressOfAttack = (id: string) => `https://attack.mitre.org/techniques/${id.replace('.', '/')}/`

/** Ids of MITRE ATT&CK, each leading to its page there. */
export function AttackIds({ ids }: { ids: readonly string[] }) {
  const styles = useStyles()
  if (ids.length === 0) return <span>{texts.noAttack}</span>
  return (
    <ul className={styles.list} aria-label={texts.attack}>
      {ids.map((it) => (
        <li key={it}>
          <Link href={addressOfAttack(it)} target="_blank" rel="noreferrer" title={texts.attackOpens}>
            {it}
          </Link>
        </li>
      ))}
    </ul>
  )
}
