// Rows of a result as a person sees them: order, filters, copies, files. No markup.

import type { HuntColumn, HuntValue } from '@/api/hunting'
import { isEdgeId, isVirtual } from '@/lib/places'

export type Row = readonly HuntValue[]

export interface Order {
  column: string
  isDescending: boolean
}

/** `Cost` or `-Cost`, as in the address. */
export const orderOf = (sort: string | undefined): Order | undefined =>
  sort === undefined ? undefined : { column: sort.replace(/^-/, ''), isDescending: sort.startsWith('-') }

/** What is written into the filter of a column, by its name. */
export type Filters = Readonly<Record<string, string>>

/** As in the address: each name and its filter encoded, with `:` between them and `|` between columns. */
export const filtersText = (filters: Filters): string | undefined => {
  const parts = Object.entries(filters).filter(([, wanted]) => wanted !== '')
  return parts.map((pair) => pair.map(encodeURIComponent).join(':')).join('|') || undefined
}

export function filtersOf(text: string | undefined): Filters {
  const found: Record<string, string> = {}
  for (const part of text?.split('|') ?? []) {
    const [name, wanted] = part.split(':').map(decoded)
    if (name !== undefined && wanted) found[name] = wanted
  }
  return found
}

/** What a person wrote into the address may be anything. */
function decoded(text: string) {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

export const isNumeric = ({ type }: Pick<HuntColumn, 'type'>) =>
  type === 'int' || type === 'long' || type === 'real' || type === 'decimal'

export const isTime = ({ type }: Pick<HuntColumn, 'type'>) => type === 'datetime'

/** A value as text: what is copied, searched and written into files. Null is empty. */
export function textOf(value: HuntValue | undefined): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'string') return value
  if (typeof value === 'object') return JSON.stringify(value)
  return String(value)
}

/** Ticks of 100 ns of `1.02:03:04.5`; an order of texts would put 10 days before 2. */
function ticks(text: string): number {
  const found = /^(-)?(?:(\d+)\.)?(\d+):(\d+):(\d+)(?:\.(\d+))?$/.exec(text)
  if (!found) return Number.NaN
  const [, minus, days = '0', hours = '0', minutes = '0', seconds = '0', fraction = ''] = found
  const whole = ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)
  return (minus ? -1 : 1) * (whole * 1e7 + Number(fraction.padEnd(7, '0')))
}

/** A number to compare with, of values that have one. */
function numberOf(value: HuntValue | undefined, column: HuntColumn): number {
  if (typeof value === 'number') return value
  if (typeof value === 'boolean') return Number(value)
  if (typeof value !== 'string') return Number.NaN
  if (column.type === 'timespan') return ticks(value)
  return isNumeric(column) ? Number(value) : Number.NaN
}

const words = new Intl.Collator('en', { numeric: true, sensitivity: 'base' })

/** Nulls come last in either direction. */
function compare(column: HuntColumn, index: number, isDescending: boolean) {
  const byNumber = isNumeric(column) || column.type === 'timespan' || column.type === 'bool'
  const sign = isDescending ? -1 : 1
  return (one: Row, other: Row) => {
    const left = one[index]
    const right = other[index]
    const isLeftNull = left === null || left === undefined
    const isRightNull = right === null || right === undefined
    if (isLeftNull || isRightNull) return Number(isLeftNull) - Number(isRightNull)
    if (byNumber) return sign * (numberOf(left, column) - numberOf(right, column))
    return sign * words.compare(textOf(left), textOf(right))
  }
}

const isEmpty = (value: HuntValue | undefined) => textOf(value) === ''

const comparison = /^(<=|>=|!=|<|>|=)\s*(.*)$/s

/**
 * Whether a value passes what is written into the filter of its column: a part of the text in any letter case, or
 * after `=`, `!=`, `<`, `<=`, `>`, `>=` a value to compare with. `=` alone finds what is empty, `!=` what is not.
 */
export function filterOf(column: HuntColumn, wanted: string): (value: HuntValue | undefined) => boolean {
  const found = comparison.exec(wanted.trim())
  if (!found) {
    const part = wanted.trim().toLowerCase()
    return (value) => textOf(value).toLowerCase().includes(part)
  }
  const [, sign = '', right = ''] = found
  const number = column.type === 'timespan' ? ticks(right) : Number(right)
  const byNumber = right !== '' && (isNumeric(column) || column.type === 'timespan') && !Number.isNaN(number)
  const difference = (value: HuntValue | undefined) =>
    byNumber ? numberOf(value, column) - number : words.compare(textOf(value), right)
  switch (sign) {
    case '=':
      return (value) => (isEmpty(value) ? right === '' : difference(value) === 0)
    case '!=':
      return (value) => (isEmpty(value) ? right !== '' : difference(value) !== 0)
    case '<':
      return (value) => !isEmpty(value) && difference(value) < 0
    case '<=':
      return (value) => !isEmpty(value) && difference(value) <= 0
    case '>':
      return (value) => !isEmpty(value) && difference(value) > 0
    default:
      return (value) => !isEmpty(value) && difference(value) >= 0
  }
}

/** The rows that pass all filters, in order. What names no column is passed over: the query has changed since. */
export function shownRows(
  columns: readonly HuntColumn[],
  rows: readonly Row[],
  order: Order | undefined,
  filters: Filters,
): readonly Row[] {
  const tests = columns.flatMap((column, index) => {
    const wanted = filters[column.name]
    return wanted ? [{ index, passes: filterOf(column, wanted) }] : []
  })
  const left = tests.length === 0 ? rows : rows.filter((row) => tests.every((it) => it.passes(row[it.index])))
  const at = order ? columns.findIndex((it) => it.name === order.column) : -1
  const column = columns[at]
  if (!order || !column) return left
  return left.toSorted(compare(column, at, order.isDescending))
}

/** RFC 4180, with quotes where they are needed. */
const csvField = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

/**
 * A spreadsheet takes a text that begins with one of these for a formula, and names of an attacker's choosing stand
 * in results: an apostrophe keeps it a text. Numbers are left alone.
 */
const guarded = (value: HuntValue | undefined) => {
  const text = textOf(value)
  return typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
}

export function csv(columns: readonly HuntColumn[], rows: readonly Row[]): string {
  const lines = [columns.map((it) => csvField(it.name)), ...rows.map((row) => columns.map((_, at) => csvField(guarded(row[at]))))]
  return lines.map((line) => `${line.join(',')}\r\n`).join('')
}

const inOneLine = (text: string) => text.replaceAll(/[\t\r\n]+/g, ' ')

/** For the clipboard: what spreadsheets paste as cells. */
export function tabbed(columns: readonly HuntColumn[], rows: readonly Row[]): string {
  const lines = [columns.map((it) => inOneLine(it.name)), ...rows.map((row) => columns.map((_, at) => inOneLine(guarded(row[at]))))]
  return lines.map((line) => line.join('\t')).join('\n')
}

export const rowObject = (columns: readonly HuntColumn[], row: Row) =>
  Object.fromEntries(columns.map((it, at) => [it.name, row[at] ?? null]))

export const json = (columns: readonly HuntColumn[], rows: readonly Row[]) =>
  `${JSON.stringify(rows.map((row) => rowObject(columns, row)), null, 2)}\n`

/** Columns that hold ids of assets, by the names that the tables give them. */
const assetColumn = /(^|_)(Source|Target|Entry|Element|Device|Asset|Account)?(Node|Asset|Device|Entry|Target|Element)Id\d*$|^(Source|Target|Entry)$/

export type LinkTarget = { to: 'asset' | 'path'; id: string }

/** Where a value leads: an asset or an attack path of the generation. Only ids of our own do. */
export function linkOf(column: HuntColumn, value: HuntValue | undefined): LinkTarget | undefined {
  if (typeof value !== 'string' || column.type === 'dynamic') return undefined
  const isId = isEdgeId(value) || isVirtual(value)
  if (!isId) return undefined
  if (/PathId\d*$/i.test(column.name)) return { to: 'path', id: value }
  return assetColumn.test(column.name) || isVirtual(value) ? { to: 'asset', id: value } : undefined
}

/** How wide a column is at first: after its name, its type and the longest of its first values. */
export function widthOf(column: HuntColumn, index: number, rows: readonly Row[]): number {
  const looked = rows.slice(0, 100).map((row) => textOf(row[index]).length)
  const longest = Math.max(column.name.length + 4, ...looked)
  return Math.round(Math.min(Math.max(longest * 7.4 + 24, 90), column.type === 'dynamic' ? 320 : 380))
}
