// The chart that `render` asks for. Loaded when there is one: the table of the same rows is always there.

import {
  AreaChart,
  DonutChart,
  getColorFromToken,
  GroupedVerticalBarChart,
  HorizontalBarChartWithAxis,
  LineChart,
  ResponsiveContainer,
  ScatterChart,
  VerticalBarChart,
  VerticalStackedBarChart,
} from '@fluentui/react-charts'
import { makeStyles, tokens } from '@fluentui/react-components'

import { useTheme } from '@/app/theme'
import { number } from '@/lib/format'

import { texts } from '../texts'
import type { Chart, Point, Series } from './chart'

const heightPx = 360
const barHeightPx = 30

/** Fluent's qualitative palette, in its order; each has a colour for light and one for dark. */
const palette = Array.from({ length: 12 }, (_, it) => `qualitative.${it + 1}`)

const useStyles = makeStyles({
  figure: { margin: 0, padding: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalL}`, minWidth: 0 },
  title: { margin: 0, fontSize: tokens.fontSizeBase300, fontWeight: tokens.fontWeightSemibold },
  chart: { width: '100%', minWidth: 0, overflow: 'hidden' },
  notes: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200 },
  cards: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalXXXL, margin: 0 },
  cardName: { color: tokens.colorNeutralForeground2 },
  cardValue: {
    margin: 0,
    fontSize: tokens.fontSizeHero800,
    lineHeight: tokens.lineHeightHero800,
    fontWeight: tokens.fontWeightSemibold,
    fontVariantNumeric: 'tabular-nums',
  },
})

export default function ResultChart({ chart }: { chart: Chart }) {
  const styles = useStyles()
  const notes = chart.kind === 'card' ? chart.cuts : [...chart.cuts, texts.chart.asTable]
  return (
    <figure className={styles.figure} aria-label={chart.title}>
      <figcaption className={styles.title}>{chart.title}</figcaption>
      {chart.kind === 'card' ? (
        <Cards series={chart.series} />
      ) : (
        <div className={styles.chart}>
          <ResponsiveContainer height={heightOf(chart)}>
            <Drawn chart={chart} />
          </ResponsiveContainer>
        </div>
      )}
      {notes.map((it) => (
        <div key={it} className={styles.notes}>
          {it}
        </div>
      ))}
    </figure>
  )
}

/** Bars from left to right need a line each. */
const heightOf = (chart: Chart) =>
  chart.kind === 'bar' ? Math.max(220, categoriesOf(chart.series).length * barHeightPx + 90) : heightPx

const categoriesOf = (series: readonly Series[]) => [...new Set(series.flatMap((it) => it.points.map((point) => point.x)))]

/** `width` and `height` come from the container. */
function Drawn({ chart, ...size }: { chart: Chart; width?: number; height?: number }) {
  const { isDark } = useTheme()
  const colour = (index: number) => getColorFromToken(palette[index % palette.length]!, isDark)
  const { series, kind, xTitle, yTitle } = chart
  const axes = { xAxisTitle: xTitle, yAxisTitle: yTitle, ...size }
  const place = (point: Point) => (chart.xIs === 'time' ? new Date(point.x) : Number(point.x))
  switch (kind) {
    case 'bar': {
      const data = series.flatMap((it, index) =>
        it.points.map((point) => ({ x: point.y, y: String(point.x), legend: it.name, color: colour(index) })),
      )
      // From the top down, in the order of the rows.
      return (
        <HorizontalBarChartWithAxis
          {...axes}
          xAxisTitle={yTitle}
          yAxisTitle={xTitle}
          data={data.toReversed()}
          showYAxisLables
          hideLegend={series.length === 1}
        />
      )
    }
    case 'column': {
      const only = series.length === 1 ? series[0] : undefined
      if (only) {
        const data = only.points.map((point) => ({ x: String(point.x), y: point.y, color: colour(0), legend: only.name }))
        return <VerticalBarChart {...axes} data={data} hideLegend wrapXAxisLables maxBarWidth={48} />
      }
      const at = categoriesOf(series).map((x) => ({
        name: String(x),
        series: series.flatMap((it, index) => {
          const found = it.points.find((point) => point.x === x)
          return found ? [{ key: it.name, legend: it.name, data: found.y, color: colour(index) }] : []
        }),
      }))
      if (!chart.isStacked) return <GroupedVerticalBarChart {...axes} data={at} wrapXAxisLables />
      const stacked = at.map((it) => ({
        xAxisPoint: it.name,
        chartData: it.series.map(({ legend, data, color }) => ({ legend, data, color })),
      }))
      return <VerticalStackedBarChart {...axes} data={stacked} wrapXAxisLables />
    }
    case 'pie': {
      const data = (series[0]?.points ?? []).map((point, index) => ({
        legend: String(point.x),
        data: point.y,
        color: colour(index),
      }))
      return <DonutChart {...size} data={{ chartData: data }} innerRadius={70} hideLabels />
    }
    case 'scatter':
      return <ScatterChart {...axes} data={{ scatterChartData: lines(series, place, colour, chart.xIs) }} />
    case 'area':
      if (chart.xIs === 'category') break
      return (
        <AreaChart
          {...axes}
          data={{ lineChartData: lines(series, place, colour, chart.xIs) }}
          mode={chart.isStacked ? 'tonexty' : 'tozeroy'}
        />
      )
    default:
  }
  return <LineChart {...axes} data={{ lineChartData: lines(series, place, colour, chart.xIs) }} />
}

/** Categories stand side by side at 1, 2, 3 and so on. */
function lines(
  series: readonly Series[],
  place: (point: Point) => number | Date,
  colour: (index: number) => string,
  xIs: Chart['xIs'],
) {
  const categories = categoriesOf(series)
  return series.map((it, index) => ({
    legend: it.name,
    color: colour(index),
    data: it.points.map((point) =>
      xIs === 'category'
        ? { x: categories.indexOf(point.x) + 1, y: point.y, xAxisCalloutData: String(point.x) }
        : { x: place(point) as number, y: point.y },
    ),
  }))
}

function Cards({ series }: { series: readonly Series[] }) {
  const styles = useStyles()
  return (
    <dl className={styles.cards}>
      {series.map((it) => (
        <div key={it.name}>
          <dt className={styles.cardName}>{it.name}</dt>
          <dd className={styles.cardValue}>{number(it.points[0]?.y ?? 0)}</dd>
        </div>
      ))}
    </dl>
  )
}
