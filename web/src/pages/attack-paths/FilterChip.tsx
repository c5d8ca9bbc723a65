import { Button, makeStyles, tokens } from '@fluentui/react-components'
import { useQuery } from '@tanstack/react-query'

import { queries } from '@/api/queries'
import { CloseIcon } from '@/components/icons'

import { isVirtual } from './route'
import { texts } from './texts'

const useStyles = makeStyles({
  name: { fontWeight: tokens.fontWeightSemibold, marginLeft: tokens.spacingHorizontalXS },
})

const isStep = (id: string) => /^[0-9a-f]{32}$/.test(id)

/** A filter by one thing, under its name; pressing takes it away. */
export function FilterChip({ label, id, onRemove }: { label: string; id: string; onRemove: () => void }) {
  const styles = useStyles()
  const isAsset = !isStep(id) && !isVirtual(id)
  const asset = useQuery({ ...queries.asset(id), enabled: isAsset })
  const ends = useQuery({ ...queries.paths({ entry: id, limit: 1 }), enabled: isVirtual(id) })
  const name = isStep(id) ? texts.filters.step : (asset.data?.name ?? ends.data?.items[0]?.entry_name ?? id)
  return (
    <Button
      size="small"
      icon={<CloseIcon />}
      iconPosition="after"
      aria-label={texts.filters.remove(`${label}: ${name}`)}
      onClick={onRemove}
    >
      {label}: <span className={styles.name}>{name}</span>
    </Button>
  )
}
