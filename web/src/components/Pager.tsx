import {
  Button,
  makeStyles,
  Menu,
  MenuButton,
  MenuItemRadio,
  MenuList,
  MenuPopover,
  MenuTrigger,
  tokens,
  Tooltip,
} from '@fluentui/react-components'

import { number } from '@/lib/format'

import type { ListAnswer } from './DataTable'
import { ChevronLeftIcon, ChevronRightIcon } from './icons'
import { needsPager, pageSizes } from './pageSizes'
import { texts } from './texts'

const useStyles = makeStyles({
  foot: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    justifyContent: 'flex-end',
    columnGap: tokens.spacingHorizontalM,
    rowGap: tokens.spacingVerticalXS,
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalL}`,
    color: tokens.colorNeutralForeground2,
    fontSize: tokens.fontSizeBase200,
    fontVariantNumeric: 'tabular-nums',
  },
  buttons: { display: 'flex' },
})

/** Which rows of how many, how many at a time, back and on. */
export default function Pager({
  label,
  answer,
  onChange,
}: {
  label: string
  answer: ListAnswer<unknown>
  onChange: (change: { offset?: number | undefined; limit?: number | undefined }) => void
}) {
  const styles = useStyles()
  if (!needsPager(answer)) return null
  const { items, total = items.length, offset = 0, limit = pageSizes[0] } = answer
  const isFirst = offset === 0
  const isLast = offset + items.length >= total
  return (
    <nav className={styles.foot} aria-label={texts.table.pages(label)}>
      <Menu
        checkedValues={{ limit: [String(limit)] }}
        onCheckedValueChange={(_, data) => onChange({ limit: Number(data.checkedItems[0]), offset: undefined })}
      >
        <MenuTrigger disableButtonEnhancement>
          <MenuButton size="small" appearance="subtle">
            {texts.table.perPage(limit)}
          </MenuButton>
        </MenuTrigger>
        <MenuPopover>
          <MenuList>
            {pageSizes.map((it) => (
              <MenuItemRadio key={it} name="limit" value={String(it)}>
                {number(it)}
              </MenuItemRadio>
            ))}
          </MenuList>
        </MenuPopover>
      </Menu>
      <span aria-live="polite">{texts.table.range(offset + 1, offset + items.length, total)}</span>
      <span className={styles.buttons}>
        <Tooltip content={isFirst ? texts.table.first : texts.table.previous} relationship="description">
          <Button
            size="small"
            appearance="subtle"
            icon={<ChevronLeftIcon />}
            aria-label={texts.table.previous}
            disabledFocusable={isFirst}
            onClick={() => onChange({ offset: Math.max(offset - limit, 0) || undefined })}
          />
        </Tooltip>
        <Tooltip content={isLast ? texts.table.last : texts.table.next} relationship="description">
          <Button
            size="small"
            appearance="subtle"
            icon={<ChevronRightIcon />}
            aria-label={texts.table.next}
            disabledFocusable={isLast}
            onClick={() => onChange({ offset: offset + limit })}
          />
        </Tooltip>
      </span>
    </nav>
  )
}
