import { Button, makeStyles, tokens } from '@fluentui/react-components'
import { useQuery } from '@tanstack/react-query'

import { queries } from '@/api/queries'
import { CloseIcon } from '@/components/icons'
import { isEdgeId, isVirtual } from '@/lib/places'

import { texts } from './texts'

const useStyles = makeStyles({
  chip: { textAlign: 'left', fontWeight: tokens.fontWeightRegular },
  name: { fontWeight: tokens.fontWeightSemibold },
})

/** A filter by one place or step, under its name. */
export function FilterChip({ label, id, onRemove }: { label: string; id: string; onRemove: () => void }) {
  const isAsset = !isEdgeId(id) && !isVirtual(id)
  const asset = useQuery({ ...queries.asset(id), enabled: isAsset })
  const step = useQuery({ ...queries.step(id), enabled: isEdgeId(id) })
  const ends = useQuery({ ...queries.paths({ through: id, limit: 1 }), enabled: isVirtual(id) })
  const path = ends.data?.items[0]
  const name =
    asset.data?.name ??
    (step.data && texts.title(step.data.source_name, step.data.target_name)) ??
    (path && (path.entry === id ? path.entry_name : path.target_name)) ??
    id
  return <Chip label={label} name={name} onRemove={onRemove} />
}

/** A filter by one thing; pressing takes it away. */
export function Chip({ label, name, onRemove }: { label: string; name: string; onRemove: () => void }) {
  const styles = useStyles()
  return (
    <Button
      size="small"
      className={styles.chip}
      icon={<CloseIcon />}
      iconPosition="after"
      aria-label={texts.filters.remove(`${label}: ${name}`)}
      onClick={onRemove}
    >
      <span>
        {label}: <span className={styles.name}>{name}</span>
      </span>
    </Button>
  )
}
