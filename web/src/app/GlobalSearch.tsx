// Finds assets, paths, techniques and pages from anywhere: Ctrl+K.

import { makeStyles, mergeClasses, SearchBox, tokens } from '@fluentui/react-components'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useId, useRef, useState, type KeyboardEvent } from 'react'

import { queries } from '@/api/queries'
import type { SearchHit } from '@/api/types'

import { texts } from './texts'

/** Long enough that a word is typed before the server is asked. */
const typingMs = 180

const useStyles = makeStyles({
  root: { position: 'relative', width: '100%', maxWidth: '480px' },
  box: { width: '100%', maxWidth: 'none', backgroundColor: tokens.colorNeutralBackground3 },
  list: {
    position: 'absolute',
    top: `calc(100% + ${tokens.spacingVerticalXS})`,
    left: 0,
    right: 0,
    maxHeight: '70vh',
    overflowY: 'auto',
    padding: tokens.spacingVerticalXS,
    borderRadius: tokens.borderRadiusLarge,
    backgroundColor: tokens.colorNeutralBackground1,
    boxShadow: tokens.shadow16,
  },
  option: {
    display: 'flex',
    alignItems: 'baseline',
    columnGap: tokens.spacingHorizontalM,
    padding: `${tokens.spacingVerticalSNudge} ${tokens.spacingHorizontalM}`,
    borderRadius: tokens.borderRadiusMedium,
    cursor: 'pointer',
  },
  active: { backgroundColor: tokens.colorNeutralBackground1Hover },
  name: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap', flex: '0 1 auto' },
  detail: {
    flex: '1 1 0',
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    whiteSpace: 'nowrap',
    color: tokens.colorNeutralForeground2,
    fontSize: tokens.fontSizeBase200,
  },
  kind: { color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200, whiteSpace: 'nowrap' },
  none: { padding: tokens.spacingVerticalM, color: tokens.colorNeutralForeground2 },
})

export function GlobalSearch() {
  const styles = useStyles()
  const navigate = useNavigate()
  const listId = useId()
  const box = useRef<HTMLInputElement>(null)
  const [typed, setTyped] = useState('')
  const [asked, setAsked] = useState('')
  const [isOpen, setIsOpen] = useState(false)
  const [active, setActive] = useState(0)

  useEffect(() => {
    const timer = setTimeout(() => setAsked(typed.trim()), typingMs)
    return () => clearTimeout(timer)
  }, [typed])

  useEffect(() => {
    const focus = (event: globalThis.KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return
      event.preventDefault()
      box.current?.focus()
      box.current?.select()
    }
    document.addEventListener('keydown', focus)
    return () => document.removeEventListener('keydown', focus)
  }, [])

  const { data } = useQuery({ ...queries.search(asked), enabled: asked !== '' })
  const hits = asked === '' ? [] : (data?.items ?? [])
  const isListed = isOpen && asked !== ''

  const go = (hit: SearchHit | undefined) => {
    if (!hit) return
    setIsOpen(false)
    setTyped('')
    box.current?.blur()
    if (hit.kind === 'asset') void navigate({ to: '/assets/$assetId', params: { assetId: hit.id } })
    else if (hit.kind === 'path') void navigate({ to: '/attack-paths/$pathId', params: { pathId: hit.id } })
    else if (hit.kind === 'technique') {
      void navigate({ to: '/techniques/$techniqueId', params: { techniqueId: hit.id } })
    } else void navigate({ href: hit.id })
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      setIsOpen(true)
      const by = event.key === 'ArrowDown' ? 1 : hits.length - 1
      if (hits.length > 0) setActive((at) => (at + by) % hits.length)
    } else if (event.key === 'Enter') go(hits[active])
    else if (event.key === 'Escape') setIsOpen(false)
  }

  return (
    <div className={styles.root} role="search" aria-label={texts.search.region}>
      <SearchBox
        className={styles.box}
        input={{
          ref: box,
          role: 'combobox',
          'aria-expanded': isListed,
          'aria-controls': listId,
          'aria-autocomplete': 'list',
          'aria-activedescendant': isListed && hits[active] ? `${listId}-${active}` : undefined,
        }}
        aria-label={texts.search.label}
        placeholder={texts.search.placeholder}
        value={typed}
        onChange={(_, given) => {
          setTyped(given.value)
          setActive(0)
          setIsOpen(true)
        }}
        onFocus={() => setIsOpen(true)}
        onBlur={() => setIsOpen(false)}
        onKeyDown={onKeyDown}
      />
      <div id={listId} role="listbox" aria-label={texts.search.results} className={isListed ? styles.list : undefined}>
        {isListed
          ? hits.map((hit, index) => (
              <div
                key={`${hit.kind} ${hit.id}`}
                id={`${listId}-${index}`}
                role="option"
                tabIndex={-1}
                aria-selected={index === active}
                className={mergeClasses(styles.option, index === active && styles.active)}
                // Before the box loses the focus, which closes the list.
                onMouseDown={(event) => {
                  event.preventDefault()
                  go(hit)
                }}
                onMouseEnter={() => setActive(index)}
              >
                <span className={styles.name}>{hit.name}</span>
                <span className={styles.detail}>{hit.detail}</span>
                <span className={styles.kind}>{texts.search.kinds[hit.kind]}</span>
              </div>
            ))
          : null}
        {isListed && data && hits.length === 0 ? (
          <div role="option" aria-selected={false} aria-disabled className={styles.none} tabIndex={-1}>
            {texts.search.none}
          </div>
        ) : null}
      </div>
    </div>
  )
}
