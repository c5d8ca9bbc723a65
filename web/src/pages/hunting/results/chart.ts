// What `render` asks for, as series of points. No markup: see ResultChart.tsx.

import type { HuntColumn, HuntRender, HuntValue } from '@/api/hunting'

import { texts } from '../texts'
import { isNumeric, isTime, textOf, type Row } from './grid'

export type ChartKind = 'bar' | 'column' | 'line' | 'area' | 'pie' | 'scatter' | 'card'

/** What people can still tell apart, and what can still be drawn at once. */
export const categoriesMax = 60
export const seriesMax = 12
export const pointsMax = 4_000
export const slicesMax = 12

export interface Point {
  /** A category, a number, or milliseconds since 1970. */
  x: string | number
  y: number
}

export interface Series {
  name: string
  points: Point[]
}

export interface Chart {
  kind: ChartKind
  title: string
  xTitle: string
  yTitle: string
  /** What `x` of its points are. */
  xIs: 'category' | 'number' | 'time'
  isStacked: boolean
  series: Series[]
  /** What was left out, in sentences. */
  cuts: string[]
}

/** The charts of the language, by what is drawn for them. */
const kinds: Record<string, ChartKind> = {
  barchart: 'bar',
  columnchart: 'column',
  linechart: 'line',
  timechart: 'line',
  anomalychart: 'line',
  areachart: 'area',
  stackedareachart: 'area',
  piechart: 'pie',
  scatterchart: 'scatter',
  card: 'card',
}

const names = (text: string | undefined) => text?.split(',').map((it) => it.trim()).filter((it) => it !== '') ?? []

/** The properties are those of the language, in any letter case. */
const propertiesOf = (render: HuntRender) =>
  Object.fromEntries(Object.entries(render.properties).map(([name, value]) => [name.toLowerCase(), value]))

function number(value: HuntValue | undefined): number | undefined {
  if (value === null || value === undefined || typeof value === 'object' || value === '') return undefined
  const found = Number(value)
  return Number.isFinite(found) ? found : undefined
}

/** The chart of a result, or a sentence why there is none. */
export function chartOf(render: HuntRender, columns: readonly HuntColumn[], rows: readonly Row[]): Chart | string {
  const chart = render.chart.toLowerCase()
  const kind = kinds[chart]
  if (!kind) return texts.chart.unknown(render.chart)
  if (rows.length === 0) return texts.chart.noRows
  const properties = propertiesOf(render)
  const at = (name: string) => columns.findIndex((it) => it.name === name)
  const wantedX = at(properties.xcolumn ?? '')
  const isOverTime = chart === 'timechart' || chart === 'anomalychart'
  const x = wantedX >= 0 ? wantedX : isOverTime ? columns.findIndex(isTime) : firstX(kind, columns)
  if (x < 0 && isOverTime) return texts.chart.noTime
  const wantedY = names(properties.ycolumns).map(at).filter((it) => it >= 0)
  const ys = wantedY.length > 0 ? wantedY : columns.flatMap((it, index) => (index !== x && isNumeric(it) ? [index] : []))
  if (ys.length === 0) return texts.chart.noNumbers
  const wantedSeries = names(properties.series).map(at).filter((it) => it >= 0)
  const by =
    wantedSeries.length > 0
      ? wantedSeries
      : columns.flatMap((it, index) => (index !== x && !ys.includes(index) && it.type === 'string' ? [index] : []))
  const xColumn = columns[x]
  const xIs = xColumn && isTime(xColumn) ? 'time' : xColumn && isNumeric(xColumn) && kind !== 'bar' && kind !== 'column' && kind !== 'pie' ? 'number' : 'category'
  const cuts: string[] = []
  const series = gathered(rows, x, ys, kind === 'pie' || kind === 'card' ? [] : by, xIs, columns)
  const yTitle = properties.ytitle ?? ys.map((it) => columns[it]?.name ?? '').join(', ')
  const xTitle = properties.xtitle ?? xColumn?.name ?? ''
  return {
    kind,
    title: properties.title ?? texts.chart.title(texts.chart.kinds[kind], yTitle),
    xTitle,
    yTitle,
    xIs,
    isStacked: chart === 'stackedareachart' || properties.kind === 'stacked' || (kind === 'area' && properties.kind !== 'unstacked'),
    series: cut(series, kind, xIs, cuts),
    cuts,
  }
}

/** Where nobody says: the first column; of a card none, and of a bar chart rather a column of words. */
function firstX(kind: ChartKind, columns: readonly HuntColumn[]) {
  if (kind === 'card') return -1
  if (kind !== 'bar' && kind !== 'column' && kind !== 'pie') return 0
  const word = columns.findIndex((it) => !isNumeric(it) && it.type !== 'dynamic')
  return word >= 0 ? word : 0
}

function gathered(
  rows: readonly Row[],
  x: number,
  ys: readonly number[],
  by: readonly number[],
  xIs: Chart['xIs'],
  columns: readonly HuntColumn[],
): Series[] {
  const found = new Map<string, Series>()
  for (const row of rows) {
    const place = xOf(row[x], xIs)
    if (place === undefined) continue
    const group = by.map((it) => textOf(row[it])).join(', ')
    for (const y of ys) {
      const value = number(row[y])
      if (value === undefined) continue
      const measure = columns[y]?.name ?? ''
      const name = by.length === 0 ? measure : ys.length > 1 ? `${group}: ${measure}` : group
      const series = found.get(name) ?? { name, points: [] }
      series.points.push({ x: place, y: value })
      found.set(name, series)
    }
  }
  const all = [...found.values()]
  // A line goes from left to right, whatever the order of the rows.
  if (xIs !== 'category') for (const it of all) it.points.sort((one, other) => Number(one.x) - Number(other.x))
  return all
}

function xOf(value: HuntValue | undefined, xIs: Chart['xIs']): string | number | undefined {
  if (xIs === 'number') return number(value)
  if (xIs === 'category') return textOf(value)
  const at = Date.parse(textOf(value))
  return Number.isNaN(at) ? undefined : at
}

/** As many series, categories and points as can be told apart; says what was left out. */
function cut(series: Series[], kind: ChartKind, xIs: Chart['xIs'], cuts: string[]): Series[] {
  const total = (it: Series) => it.points.reduce((sum, point) => sum + Math.abs(point.y), 0)
  let left = series
  if (left.length > seriesMax) {
    cuts.push(texts.chart.cut(texts.chart.series, seriesMax, left.length))
    left = left.toSorted((one, other) => total(other) - total(one)).slice(0, seriesMax)
  }
  if (kind === 'pie') {
    const max = slicesMax
    return left.slice(0, 1).map((it) => {
      if (it.points.length > max) cuts.push(texts.chart.cut(texts.chart.categories, max, it.points.length))
      const largest = it.points.filter((point) => point.y > 0).toSorted((one, other) => other.y - one.y)
      return { ...it, points: largest.slice(0, max) }
    })
  }
  if (xIs === 'category') {
    const all = new Set(left.flatMap((it) => it.points.map((point) => point.x)))
    if (all.size > categoriesMax) {
      cuts.push(texts.chart.cut(texts.chart.categories, categoriesMax, all.size))
      const kept = new Set([...all].slice(0, categoriesMax))
      left = left.map((it) => ({ ...it, points: it.points.filter((point) => kept.has(point.x)) }))
    }
    return left
  }
  const points = left.reduce((sum, it) => sum + it.points.length, 0)
  if (points > pointsMax) {
    cuts.push(texts.chart.cut(texts.chart.points, pointsMax, points))
    const each = Math.max(1, Math.floor(pointsMax / left.length))
    left = left.map((it) => ({ ...it, points: thinned(it.points, each) }))
  }
  return left
}

/** Every so many points, the first and the last among them. */
function thinned(points: Point[], max: number): Point[] {
  if (points.length <= max) return points
  const step = (points.length - 1) / Math.max(1, max - 1)
  return Array.from({ length: max }, (_, at) => points[Math.round(at * step)]!)
}
