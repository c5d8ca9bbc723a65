import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components'
import { Fragment } from 'react'

import { isControlPlane, isObjectSet, isVirtual } from '@/lib/places'

import { AppLink } from './AppLink'
import { KindIcon } from './KindIcon'

const useStyles = makeStyles({
  place: {
    display: 'inline-flex',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalSNudge,
    maxWidth: '100%',
    minWidth: 0,
    // On the line of the words beside it.
    verticalAlign: 'bottom',
  },
  // Large enough to be pressed with a thumb (WCAG 2.2, target size).
  name: { minWidth: 0, lineHeight: '24px' },
  cut: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' },
  wrapped: { overflowWrap: 'anywhere' },
})

/**
 * The name of an asset, with the icon of its kind, leading to its page; of an entry point or control plane that
 * stands for many assets, leading to its attack paths. A set of objects has no page.
 */
export function PlaceLink({
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
  /** A long name goes on in the next line rather than being cut. */
  isWrapped?: boolean
}) {
  const styles = useStyles()
  const look = { className: mergeClasses(styles.name, isWrapped ? styles.wrapped : styles.cut), title: fullName }
  const shownName = isWrapped ? <Breakable name={name} /> : name
  const shownKind = kind ?? (isControlPlane(id) ? 'ControlPlane' : isVirtual(id) ? 'EntryPoint' : undefined)
  return (
    <span className={styles.place}>
      {shownKind ? <KindIcon kind={shownKind} /> : null}
      {isObjectSet(id) ? (
        <span {...look}>{shownName}</span>
      ) : isVirtual(id) ? (
        <AppLink to="/attack-paths" search={isControlPlane(id) ? { target: id } : { entry: id }} {...look}>
          {shownName}
        </AppLink>
      ) : (
        <AppLink to="/assets/$assetId" params={{ assetId: id }} {...look}>
          {shownName}
        </AppLink>
      )}
    </span>
  )
}

/** May go on in the next line after a dot or an at sign. */
function Breakable({ name }: { name: string }) {
  return name.split(/(?<=[.@])/).map((part, index, parts) => (
    <Fragment key={parts.slice(0, index + 1).join('')}>
      {part}
      <wbr />
    </Fragment>
  ))
}
