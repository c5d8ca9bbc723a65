import { TableRow } from '@fluentui/react-components'
import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { useLayoutEffect, useRef, useState, type ReactNode } from 'react'

const rowHeightPx = 41
const rowsBeyondScreen = 12

/** The rows near the screen, and two empty ones as high as all that stand before and after. */
export default function VirtualRows({
  rows,
  keyOf,
  cells,
  className,
}: {
  rows: readonly unknown[]
  keyOf: (row: unknown) => string
  cells: (row: unknown) => ReactNode
  className: string
}) {
  const start = useRef<HTMLTableRowElement>(null)
  const [scrollMargin, setScrollMargin] = useState(0)
  useLayoutEffect(() => {
    if (start.current) setScrollMargin(start.current.getBoundingClientRect().top + window.scrollY)
  }, [rows])
  const virtualizer = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => rowHeightPx,
    overscan: rowsBeyondScreen,
    scrollMargin,
  })
  const shown = virtualizer.getVirtualItems()
  const before = (shown[0]?.start ?? scrollMargin) - scrollMargin
  const after = virtualizer.getTotalSize() - ((shown.at(-1)?.end ?? scrollMargin) - scrollMargin)
  return (
    <>
      <tr ref={start} aria-hidden style={{ height: before }} />
      {shown.map(({ index }) => (
        <TableRow
          key={keyOf(rows[index])}
          ref={virtualizer.measureElement}
          data-index={index}
          // The heading is row 1.
          aria-rowindex={index + 2}
          className={className}
        >
          {cells(rows[index])}
        </TableRow>
      ))}
      <tr aria-hidden style={{ height: after }} />
    </>
  )
}
