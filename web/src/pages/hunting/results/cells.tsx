// How values look: in a cell of the table, and as a tree.

import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components'
import { useState } from 'react'

import type { HuntColumn, HuntValue } from '@/api/hunting'
import { AppLink } from '@/components/AppLink'
import { ChevronDownIcon, ChevronRightIcon } from '@/components/icons'
import { isControlPlane, isVirtual } from '@/lib/places'

import { texts } from '../texts'
import { linkOf, textOf } from './grid'

const useStyles = makeStyles({
  quiet: { color: tokens.colorNeutralForeground3, fontStyle: 'italic' },
  code: { fontFamily: tokens.fontFamilyMonospace, fontSize: tokens.fontSizeBase200 },
  tree: {
    listStyleType: 'none',
    margin: 0,
    padding: `0 0 0 ${tokens.spacingHorizontalL}`,
    borderLeft: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
  },
  line: {
    display: 'flex',
    columnGap: tokens.spacingHorizontalXS,
    minHeight: '24px',
    alignItems: 'baseline',
    overflowWrap: 'anywhere',
  },
  toggle: {
    display: 'inline-flex',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalXXS,
    minHeight: '24px',
    padding: 0,
    border: 'none',
    backgroundColor: 'transparent',
    color: tokens.colorNeutralForeground1,
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    cursor: 'pointer',
    textAlign: 'left',
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}` },
  },
  key: { color: tokens.colorBrandForeground1, flexShrink: 0 },
})

/** Of more than these, the rest is shown when somebody asks. */
const childrenMax = 200

/** A value in one line. Null and empty texts look different from words. */
export function CellValue({ column, value, isInGrid }: { column: HuntColumn; value: HuntValue | undefined; isInGrid?: boolean }) {
  const styles = useStyles()
  if (value === null || value === undefined) return <span className={styles.quiet}>{texts.grid.null}</span>
  const text = textOf(value)
  if (text === '') return isInGrid ? null : <span className={styles.quiet}>{texts.grid.empty}</span>
  const link = linkOf(column, value)
  // In the grid Tab goes past the cells; whoever wants the link by key inspects the row.
  const reach = isInGrid ? { tabIndex: -1 } : {}
  if (link?.to === 'path') {
    return (
      <AppLink to="/attack-paths/$pathId" params={{ pathId: link.id }} {...reach}>
        {text}
      </AppLink>
    )
  }
  if (link && isVirtual(link.id)) {
    return (
      <AppLink to="/attack-paths" search={isControlPlane(link.id) ? { target: link.id } : { entry: link.id }} {...reach}>
        {text}
      </AppLink>
    )
  }
  if (link) {
    return (
      <AppLink to="/assets/$assetId" params={{ assetId: link.id }} {...reach}>
        {text}
      </AppLink>
    )
  }
  return column.type === 'dynamic' ? <span className={styles.code}>{text}</span> : text
}

/** A bag or array as a tree whose branches open. */
export function ValueTree({ value, depth = 0 }: { value: HuntValue; depth?: number }) {
  const styles = useStyles()
  const [shown, setShown] = useState(childrenMax)
  if (value === null || typeof value !== 'object') {
    return <span className={styles.code}>{value === null ? texts.grid.null : JSON.stringify(value)}</span>
  }
  const children = Object.entries(value)
  return (
    <ul className={styles.tree}>
      {children.slice(0, shown).map(([key, child]) => (
        <li key={key}>
          <Branch name={key} value={child} depth={depth} />
        </li>
      ))}
      {children.length > shown ? (
        <li>
          <button type="button" className={styles.toggle} onClick={() => setShown(shown + childrenMax)}>
            … {texts.grid.items(children.length - shown)}
          </button>
        </li>
      ) : null}
    </ul>
  )
}

function Branch({ name, value, depth }: { name: string; value: HuntValue; depth: number }) {
  const styles = useStyles()
  // Two levels tell what a value is; further down are lists of rights and the like.
  const [isOpen, setIsOpen] = useState(depth < 1)
  if (value === null || typeof value !== 'object' || Object.keys(value).length === 0) {
    return (
      <div className={styles.line}>
        <span className={mergeClasses(styles.code, styles.key)}>{name}:</span>
        <span className={styles.code}>{JSON.stringify(value)}</span>
      </div>
    )
  }
  const count = Array.isArray(value) ? texts.grid.items(value.length) : texts.grid.fields(Object.keys(value).length)
  return (
    <>
      <button type="button" className={styles.toggle} aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
        {isOpen ? <ChevronDownIcon aria-hidden /> : <ChevronRightIcon aria-hidden />}
        <span className={styles.key}>{name}</span>
        <span className={styles.quiet}>{count}</span>
      </button>
      {isOpen ? <ValueTree value={value} depth={depth + 1} /> : null}
    </>
  )
}
