// What queries can name: tables with their columns, and functions. A press puts the name into the editor.

import { Input, makeStyles, mergeClasses, tokens } from '@fluentui/react-components'
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'

import type { HuntSchema, HuntSchemaColumn, HuntSchemaFunction } from '@/api/hunting'
import { queries } from '@/api/queries'
import { AddIcon, ChevronDownIcon, ChevronRightIcon, SearchIcon } from '@/components/icons'
import { PageLoading } from '@/components/Page'
import { ProblemMessage } from '@/components/ProblemMessage'
import { number } from '@/lib/format'

import { texts } from '../texts'

const useStyles = makeStyles({
  search: { width: '100%' },
  group: {
    margin: `${tokens.spacingVerticalM} 0 ${tokens.spacingVerticalXXS}`,
    fontSize: tokens.fontSizeBase200,
    lineHeight: tokens.lineHeightBase200,
    fontWeight: tokens.fontWeightSemibold,
    color: tokens.colorNeutralForeground3,
  },
  groupButton: { padding: 0, color: 'inherit', fontWeight: 'inherit' },
  list: { listStyleType: 'none', margin: 0, padding: 0 },
  line: { display: 'flex', alignItems: 'center' },
  button: {
    display: 'flex',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalXS,
    minWidth: 0,
    minHeight: '28px',
    padding: `0 ${tokens.spacingHorizontalXS}`,
    border: 'none',
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: 'transparent',
    color: tokens.colorNeutralForeground1,
    fontFamily: 'inherit',
    fontSize: tokens.fontSizeBase200,
    textAlign: 'left',
    cursor: 'pointer',
    ':hover': { backgroundColor: tokens.colorSubtleBackgroundHover },
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}`, outlineOffset: '-2px' },
    '& svg': { flexShrink: 0 },
  },
  grow: { flexGrow: 1 },
  // Large enough to be pressed with a thumb (WCAG 2.2, target size).
  insert: { width: '28px', flexShrink: 0, justifyContent: 'center' },
  name: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' },
  type: { marginLeft: 'auto', paddingLeft: tokens.spacingHorizontalS, color: tokens.colorNeutralForeground3 },
  inner: { paddingLeft: '20px' },
  description: {
    margin: `0 0 ${tokens.spacingVerticalXXS}`,
    padding: `0 ${tokens.spacingHorizontalXS}`,
    color: tokens.colorNeutralForeground2,
    fontSize: tokens.fontSizeBase200,
    lineHeight: tokens.lineHeightBase200,
  },
  signature: { fontFamily: tokens.fontFamilyMonospace, overflowWrap: 'anywhere' },
})

interface Item {
  name: string
  signature: string | undefined
  description: string
  columns: readonly HuntSchemaColumn[]
}

const ofFunction = ({ name, signature, description, columns }: HuntSchemaFunction): Item => ({
  name,
  signature,
  description,
  columns,
})

const groupsOf = (schema: HuntSchema) => [
  {
    title: texts.schema.tables,
    items: schema.tables.map(({ name, description, columns }): Item => ({ name, signature: undefined, description, columns })),
  },
  { title: texts.schema.tableFunctions, items: schema.table_functions.map(ofFunction) },
  { title: texts.schema.storedFunctions, items: schema.stored_functions.map(ofFunction) },
  { title: texts.schema.functions, items: schema.functions.map(ofFunction) },
]

/** Names that have the words in them, in any letter case; a table whose columns have them counts. */
function matching(items: readonly Item[], sought: string): readonly Item[] {
  if (sought === '') return items
  const has = (text: string) => text.toLowerCase().includes(sought)
  return items.flatMap((it) => {
    if (has(it.name)) return [it]
    const columns = it.columns.filter((column) => has(column.name))
    return columns.length > 0 ? [{ ...it, columns }] : []
  })
}

/** So many names of a group are listed; searching finds the others. */
const listedMax = 400
/** A longer group is closed until somebody opens it or searches. */
const openMax = 60

export function SchemaTree({ onInsert }: { onInsert: (text: string) => void }) {
  const styles = useStyles()
  const { data, error, refetch } = useQuery(queries.huntSchema())
  const [typed, setTyped] = useState('')
  const sought = typed.trim().toLowerCase()
  if (error) return <ProblemMessage error={error} onRetry={() => void refetch()} />
  if (!data) return <PageLoading what={texts.schema.what} />
  const groups = groupsOf(data)
    .map((it) => ({ ...it, items: matching(it.items, sought).slice(0, listedMax) }))
    .filter((it) => it.items.length > 0)
  return (
    <div>
      <Input
        type="search"
        size="small"
        className={styles.search}
        contentBefore={<SearchIcon />}
        aria-label={texts.schema.search}
        placeholder={texts.schema.search}
        value={typed}
        onChange={(_, change) => setTyped(change.value)}
      />
      {groups.length === 0 ? <p className={styles.description}>{texts.schema.none}</p> : null}
      {groups.map(({ title, items }) => (
        <Group key={`${title} ${sought !== ''}`} title={title} startsOpen={sought !== '' || items.length <= openMax}>
          {items.map((item) => {
            // What was found by a column is shown open.
            const startsOpen = sought !== '' && !item.name.toLowerCase().includes(sought)
            return <Branch key={`${item.name} ${startsOpen}`} item={item} startsOpen={startsOpen} onInsert={onInsert} />
          })}
        </Group>
      ))}
    </div>
  )
}

function Group({ title, startsOpen, children }: { title: string; startsOpen: boolean; children: ReactNode[] }) {
  const styles = useStyles()
  const [isOpen, setIsOpen] = useState(startsOpen)
  return (
    <section aria-label={title}>
      <h3 className={styles.group}>
        {children.length <= openMax ? (
          title
        ) : (
          <button
            type="button"
            className={mergeClasses(styles.button, styles.groupButton)}
            aria-expanded={isOpen}
            onClick={() => setIsOpen(!isOpen)}
          >
            {isOpen ? <ChevronDownIcon aria-hidden /> : <ChevronRightIcon aria-hidden />}
            {title} ({number(children.length)})
          </button>
        )}
      </h3>
      {isOpen ? <ul className={styles.list}>{children}</ul> : null}
    </section>
  )
}

function Branch({ item, startsOpen, onInsert }: { item: Item; startsOpen: boolean; onInsert: (text: string) => void }) {
  const styles = useStyles()
  const [isOpen, setIsOpen] = useState(startsOpen)
  const insert = item.signature === undefined ? item.name : `${item.name}(`
  return (
    <li>
      <div className={styles.line}>
        <button
          type="button"
          className={mergeClasses(styles.button, styles.grow)}
          aria-expanded={isOpen}
          title={item.description}
          onClick={() => setIsOpen(!isOpen)}
        >
          {isOpen ? <ChevronDownIcon aria-hidden /> : <ChevronRightIcon aria-hidden />}
          <span className={styles.name}>{item.name}</span>
        </button>
        <button
          type="button"
          className={mergeClasses(styles.button, styles.insert)}
          aria-label={texts.schema.insert(item.name)}
          title={texts.schema.insert(item.name)}
          onClick={() => onInsert(insert)}
        >
          <AddIcon aria-hidden />
        </button>
      </div>
      {isOpen ? (
        <div className={styles.inner}>
          {item.signature === undefined ? null : (
            <p className={mergeClasses(styles.description, styles.signature)}>{item.signature}</p>
          )}
          {item.description === '' ? null : <p className={styles.description}>{item.description}</p>}
          {item.columns.length === 0 ? null : (
            <ul className={styles.list} aria-label={texts.schema.columns(item.name)}>
              {item.columns.map((column) => (
                <li key={column.name} className={styles.line}>
                  <button
                    type="button"
                    className={mergeClasses(styles.button, styles.grow)}
                    title={column.description ?? undefined}
                    onClick={() => onInsert(column.name)}
                  >
                    <span className={styles.name}>{column.name}</span>
                    <span className={styles.type}>{column.type}</span>
                  </button>
                </li>
              ))}
            </ul>
          )}
        </div>
      ) : null}
    </li>
  )
}
