// One row, all of it: each column with its whole value, bags as trees.

import { Button, makeStyles, tokens } from '@fluentui/react-components'
import { useEffect, useRef } from 'react'

import type { HuntColumn } from '@/api/hunting'
import { Copy } from '@/components/Copy'
import { CloseIcon } from '@/components/icons'

import { texts } from '../texts'
import { CellValue, ValueTree } from './cells'
import { textOf, type Row } from './grid'

const useStyles = makeStyles({
  root: {
    minWidth: 0,
    overflow: 'auto',
    borderLeft: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalL}`,
    ':focus': { outline: 'none' },
  },
  head: { display: 'flex', alignItems: 'center', justifyContent: 'space-between' },
  title: { margin: 0, fontSize: tokens.fontSizeBase300, fontWeight: tokens.fontWeightSemibold },
  list: { margin: 0 },
  name: {
    display: 'flex',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalXS,
    marginTop: tokens.spacingVerticalS,
    color: tokens.colorNeutralForeground2,
    fontSize: tokens.fontSizeBase200,
  },
  type: { color: tokens.colorNeutralForeground3 },
  value: { margin: 0, overflowWrap: 'anywhere', '& > ul': { padding: 0, border: 'none' } },
})

export function Inspector({
  columns,
  row,
  number,
  onClose,
}: {
  columns: readonly HuntColumn[]
  row: Row
  number: number
  onClose: () => void
}) {
  const styles = useStyles()
  const root = useRef<HTMLElement>(null)
  useEffect(() => {
    const it = root.current
    if (!it) return
    it.focus({ preventScroll: true })
    const close = (event: KeyboardEvent) => {
      if (event.key === 'Escape') onClose()
    }
    it.addEventListener('keydown', close)
    return () => it.removeEventListener('keydown', close)
  }, [onClose])
  return (
    <section ref={root} tabIndex={-1} aria-label={texts.grid.inspector} className={styles.root}>
      <div className={styles.head}>
        <h3 className={styles.title}>{texts.grid.row(number)}</h3>
        <Button
          appearance="subtle"
          size="small"
          icon={<CloseIcon />}
          aria-label={texts.grid.close}
          onClick={onClose}
        />
      </div>
      <dl className={styles.list}>
        {columns.map((column, at) => {
          const value = row[at] ?? null
          return (
            <div key={column.name}>
              <dt className={styles.name}>
                {column.name} <span className={styles.type}>{column.type}</span>
                <Copy value={textOf(value)} what={column.name} />
              </dt>
              <dd className={styles.value}>
                {typeof value === 'object' && value !== null ? (
                  <ValueTree value={value} />
                ) : (
                  <CellValue column={column} value={value} />
                )}
              </dd>
            </div>
          )
        })}
      </dl>
    </section>
  )
}
