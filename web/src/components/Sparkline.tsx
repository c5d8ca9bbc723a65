import { makeStyles, tokens } from '@fluentui/react-components'

import { date, number } from '@/lib/format'

import { texts } from './texts'

export interface SparkPoint {
  at: string
  value: number
}

const useStyles = makeStyles({
  svg: { display: 'block', width: '100%', overflow: 'visible' },
  line: { fill: 'none', stroke: tokens.colorBrandStroke1, strokeWidth: '2px', vectorEffect: 'non-scaling-stroke' },
  area: { fill: tokens.colorBrandBackground2, opacity: 0.6 },
  hidden: { position: 'absolute', width: '1px', height: '1px', overflow: 'hidden', clipPath: 'inset(50%)' },
})

const width = 100
const inset = 2

/** Where the points are drawn: x over time, not over their number, since generations come irregularly. */
export function sparkPath(points: readonly SparkPoint[], height: number): [x: number, y: number][] {
  const times = points.map((it) => Date.parse(it.at))
  const first = Math.min(...times)
  const span = Math.max(...times) - first
  const top = Math.max(...points.map((it) => it.value), 1)
  return points.map((it, index) => [
    span > 0 ? ((times[index]! - first) / span) * width : width,
    inset + (1 - it.value / top) * (height - 2 * inset),
  ])
}

/** A number over time, from zero up; with its values as a table for screen readers. */
export function Sparkline({ title, points, height = 40 }: { title: string; points: readonly SparkPoint[]; height?: number }) {
  const styles = useStyles()
  if (points.length < 2) return null
  const line = sparkPath(points, height)
    .map(([x, y]) => `${x.toFixed(2)} ${y.toFixed(2)}`)
    .join('L')
  return (
    <>
      <svg
        className={styles.svg}
        viewBox={`0 0 ${width} ${height}`}
        height={height}
        preserveAspectRatio="none"
        aria-hidden
      >
        <path className={styles.area} d={`M0 ${height}L${line}L${width} ${height}Z`} />
        <path className={styles.line} d={`M${line}`} />
      </svg>
      <table className={styles.hidden}>
        <caption>{texts.chart.table}</caption>
        <thead>
          <tr>
            <th scope="col">{texts.chart.when}</th>
            <th scope="col">{title}</th>
          </tr>
        </thead>
        <tbody>
          {points.map((it) => (
            <tr key={it.at}>
              <td>{date(it.at)}</td>
              <td>{number(it.value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  )
}
