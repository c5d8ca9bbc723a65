// Finds one asset or technique by its name or id, as one types.

import { Combobox, makeStyles, Option, tokens } from '@fluentui/react-components'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'

import { queries } from '@/api/queries'
import type { SearchHit } from '@/api/types'

import { texts } from './texts'

/** Long enough that a word is typed before the server is asked. */
const typingMs = 200
/** The search answers with all kinds of things; of these as many as fit on a list are of one kind. */
const hitsMax = 30

const useStyles = makeStyles({
  box: { minWidth: '200px', maxWidth: '100%' },
  option: { display: 'flex', flexDirection: 'column', minWidth: 0 },
  detail: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200 },
})

export function PlaceSearch({
  label,
  kind,
  size = 'medium',
  onChoose,
}: {
  label: string
  kind: 'asset' | 'technique'
  size?: 'small' | 'medium'
  onChoose: (hit: SearchHit) => void
}) {
  const styles = useStyles()
  const [typed, setTyped] = useState('')
  const [asked, setAsked] = useState('')
  const [isOpen, setIsOpen] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setAsked(typed.trim()), typingMs)
    return () => clearTimeout(timer)
  }, [typed])
  const { data } = useQuery({ ...queries.search(asked, hitsMax), enabled: asked !== '' })
  const hits = asked === '' ? [] : (data?.items ?? []).filter((it) => it.kind === kind)
  return (
    <Combobox
      className={styles.box}
      size={size}
      freeform
      clearable={false}
      aria-label={label}
      placeholder={label}
      value={typed}
      selectedOptions={[]}
      open={isOpen}
      onOpenChange={(_, change) => setIsOpen(change.open)}
      // Text that is pasted opens the list too.
      onChange={(event) => {
        setTyped(event.target.value)
        setIsOpen(true)
      }}
      onOptionSelect={(_, chosen) => {
        const hit = hits.find((it) => it.id === chosen.optionValue)
        setTyped('')
        setAsked('')
        if (hit) onChoose(hit)
      }}
    >
      {hits.map((it) => (
        <Option key={it.id} value={it.id} text={it.name}>
          <span className={styles.option}>
            {it.name}
            <span className={styles.detail}>{it.detail}</span>
          </span>
        </Option>
      ))}
      {hits.length === 0 ? (
        <Option value="" text="" disabled>
          {asked === '' ? texts.search.hint : data ? texts.search.none : texts.search.loading}
        </Option>
      ) : null}
    </Combobox>
  )
}
