import { makeStyles, tokens } from '@fluentui/react-components'

import { AppLink } from '@/components/AppLink'
import { KindIcon } from '@/components/KindIcon'
import { PlaceLink } from '@/components/PlaceLink'

import { isControlPlane, isVirtual } from './route'

const useStyles = makeStyles({
  place: {
    display: 'inline-flex',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalSNudge,
    maxWidth: '100%',
    minWidth: 0,
  },
  wrapped: { overflowWrap: 'anywhere', minWidth: 0 },
  name: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap', minWidth: 0 },
})

/** The name of an asset, leading to its page; of what stands for many, leading to its paths. */
export function PlaceName({
  id,
  name,
  kind,
  fullName = name,
  isWrapped = false,
}: {
  id: string
  name: string
  kind?: string | undefined
  /** Where `name` is only a part of it. */
  fullName?: string
  /** Long names go on in the next line rather than being cut. */
  isWrapped?: boolean
}) {
  const styles = useStyles()
  if (!isVirtual(id)) return <PlaceLink id={id} name={name} kind={kind} fullName={fullName} />
  const end = isControlPlane(id) ? { target: id } : { entry: id }
  return (
    <span className={styles.place}>
      <KindIcon kind={isControlPlane(id) ? 'ControlPlane' : 'EntryPoint'} />
      <AppLink to="/attack-paths" search={end} className={isWrapped ? styles.wrapped : styles.name} title={fullName}>
        {name}
      </AppLink>
    </span>
  )
}
