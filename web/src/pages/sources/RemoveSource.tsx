import { Button, Tooltip } from '@fluentui/react-components'
import { useState } from 'react'

import { useRemoveSource } from '@/api/mutations'
import { useMay } from '@/api/permission'
import { Confirm } from '@/components/Confirm'
import { DeleteIcon } from '@/components/icons'
import { toast } from '@/components/toasts'
import { fileName } from '@/lib/format'

import { texts } from './texts'

export const nameOf = (source: { name?: string | null; path: string }) => source.name || fileName(source.path)

/** Removes a source after asking; a button with words, or only with an icon in tables. */
export function RemoveSource({
  source,
  isSmall,
  onRemoved,
}: {
  source: { id: number; name?: string | null; path: string }
  isSmall?: boolean
  onRemoved?: () => void
}) {
  const { may, why } = useMay('import-data')
  const [isAsking, setAsking] = useState(false)
  const remove = useRemoveSource()
  const name = nameOf(source)
  return (
    <>
      <Tooltip content={why ?? `${texts.list.remove} ${name}`} relationship={isSmall ? 'label' : 'description'}>
        <Button
          {...(isSmall ? { size: 'small', appearance: 'subtle' } : {})}
          icon={<DeleteIcon />}
          disabledFocusable={!may}
          onClick={() => setAsking(true)}
        >
          {isSmall ? undefined : texts.list.remove}
        </Button>
      </Tooltip>
      <Confirm
        isOpen={isAsking}
        title={texts.list.removeTitle(name)}
        action={texts.list.remove}
        isPending={remove.isPending}
        error={remove.error}
        onClose={() => setAsking(false)}
        onConfirm={() =>
          remove.mutate(source.id, {
            onSuccess: () => {
              setAsking(false)
              toast.done(texts.list.removed(name))
              onRemoved?.()
            },
          })
        }
      >
        {texts.list.removeWords}
      </Confirm>
    </>
  )
}
