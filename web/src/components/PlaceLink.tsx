import { makeStyles, tokens } from '@fluentui/react-components'

import { AppLink } from './AppLink'
import { KindIcon } from './KindIcon'

const useStyles = makeStyles({
  place: {
    display: 'inline-flex',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalSNudge,
    maxWidth: '100%',
    minWidth: 0,
    verticalAlign: 'middle',
  },
  name: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap', minWidth: 0 },
})

/** The name of an asset, with the icon of its kind, leading to its page. */
export function PlaceLink({
  id,
  name,
  kind,
  fullName = name,
}: {
  id: string
  name: string
  kind?: string | undefined
  /** Where `name` is only a part of it. */
  fullName?: string
}) {
  const styles = useStyles()
  return (
    <span className={styles.place}>
      {kind ? <KindIcon kind={kind} /> : null}
      <AppLink to="/assets/$assetId" params={{ assetId: id }} className={styles.name} title={fullName}>
        {name}
      </AppLink>
    </span>
  )
}
