import {
  Button,
  makeStyles,
  Menu,
  MenuButton,
  MenuItemCheckbox,
  MenuItemRadio,
  MenuList,
  MenuPopover,
  MenuTrigger,
  SearchBox,
  tokens,
} from '@fluentui/react-components'
import { useEffect, useState, type ReactNode } from 'react'

import { number } from '@/lib/format'

import { CloseIcon } from './icons'
import { texts } from './texts'

const useStyles = makeStyles({
  bar: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: tokens.spacingHorizontalS,
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalL}`,
  },
  search: { width: '280px', maxWidth: '100%' },
  found: {
    marginLeft: 'auto',
    color: tokens.colorNeutralForeground2,
    fontSize: tokens.fontSizeBase200,
    fontVariantNumeric: 'tabular-nums',
  },
  popover: { maxHeight: '60vh', overflowY: 'auto' },
  count: { color: tokens.colorNeutralForeground3, fontVariantNumeric: 'tabular-nums' },
})

/** Search box, filters, and how many rows they leave. */
export function FilterBar({
  children,
  found,
  onClear,
}: {
  children: ReactNode
  /** Such as `12 paths`; screen readers hear it change. */
  found?: string | undefined
  /** Given when a filter is set. */
  onClear?: (() => void) | undefined
}) {
  const styles = useStyles()
  return (
    <div className={styles.bar} role="search" aria-label={texts.filters.label}>
      {children}
      {onClear ? (
        <Button appearance="subtle" size="small" icon={<CloseIcon />} onClick={onClear}>
          {texts.filters.clear}
        </Button>
      ) : null}
      <span className={styles.found} role="status">
        {found}
      </span>
    </div>
  )
}

/** Long enough that a word is typed before the server is asked. */
const typingMs = 250

export function FilterSearch({
  label,
  value,
  onChange,
}: {
  /** Says what is searched: `Search names and ids`. */
  label: string
  value: string | undefined
  onChange: (value: string | undefined) => void
}) {
  const styles = useStyles()
  const [typed, setTyped] = useState(value ?? '')
  const [given, setGiven] = useState(value)
  // Back, forward and "Clear filters" change the value from outside.
  if (given !== value) {
    setGiven(value)
    setTyped(value ?? '')
  }
  useEffect(() => {
    const next = typed.trim() === '' ? undefined : typed.trim()
    if (next === value) return
    const timer = setTimeout(() => onChange(next), typingMs)
    return () => clearTimeout(timer)
  }, [typed, value, onChange])
  return (
    <SearchBox
      className={styles.search}
      size="small"
      aria-label={label}
      placeholder={label}
      value={typed}
      onChange={(_, data) => setTyped(data.value)}
    />
  )
}

export interface Choice<Value extends string = string> {
  value: Value
  label: string
  count?: number | undefined
}

/** Any number of values; none chosen means all. */
export function FilterMany<Value extends string>({
  label,
  choices,
  chosen,
  onChange,
}: {
  label: string
  choices: readonly Choice<Value>[]
  chosen: readonly Value[] | undefined
  onChange: (chosen: Value[] | undefined) => void
}) {
  const names = choices.filter((it) => chosen?.includes(it.value)).map((it) => it.label)
  return (
    <FilterMenu
      label={label}
      names={names}
      checked={chosen ?? []}
      onCheck={(values) => onChange(values.length > 0 ? (values as Value[]) : undefined)}
    >
      {choices.map((it) => (
        <MenuItemCheckbox key={it.value} name="choice" value={it.value} secondaryContent={<Count of={it.count} />}>
          {it.label}
        </MenuItemCheckbox>
      ))}
    </FilterMenu>
  )
}

const everything = ''

/** One value, or all. */
export function FilterOne<Value extends string>({
  label,
  choices,
  chosen,
  onChange,
}: {
  label: string
  choices: readonly Choice<Value>[]
  chosen: Value | undefined
  onChange: (chosen: Value | undefined) => void
}) {
  const names = choices.filter((it) => it.value === chosen).map((it) => it.label)
  return (
    <FilterMenu
      label={label}
      names={names}
      checked={[chosen ?? everything]}
      onCheck={([value]) => onChange(value === everything ? undefined : (value as Value | undefined))}
    >
      <MenuItemRadio name="choice" value={everything}>
        {texts.filters.all}
      </MenuItemRadio>
      {choices.map((it) => (
        <MenuItemRadio key={it.value} name="choice" value={it.value} secondaryContent={<Count of={it.count} />}>
          {it.label}
        </MenuItemRadio>
      ))}
    </FilterMenu>
  )
}

function FilterMenu({
  label,
  names,
  checked,
  onCheck,
  children,
}: {
  label: string
  names: readonly string[]
  checked: readonly string[]
  onCheck: (values: string[]) => void
  children: ReactNode
}) {
  const styles = useStyles()
  const value = names.length > 2 ? `${names.length}` : names.join(', ')
  return (
    <Menu
      checkedValues={{ choice: [...checked] }}
      onCheckedValueChange={(_, data) => onCheck(data.checkedItems)}
      positioning={{ autoSize: true }}
    >
      <MenuTrigger disableButtonEnhancement>
        <MenuButton size="small" appearance={names.length > 0 ? 'secondary' : 'subtle'}>
          {names.length > 0 ? `${label}: ${value}` : label}
        </MenuButton>
      </MenuTrigger>
      <MenuPopover className={styles.popover}>
        <MenuList>{children}</MenuList>
      </MenuPopover>
    </Menu>
  )
}

function Count({ of }: { of: number | undefined }) {
  const styles = useStyles()
  return of === undefined ? null : <span className={styles.count}>{number(of)}</span>
}
