import { describe, expect, test } from 'vitest'

import type { HuntColumn } from '@/api/hunting'

import { categoriesMax, chartOf, pointsMax, type Chart } from './chart'

const label: HuntColumn = { name: 'Label', type: 'string' }
const kind: HuntColumn = { name: 'Kind', type: 'string' }
const count: HuntColumn = { name: 'count_', type: 'long' }
const cost: HuntColumn = { name: 'Cost', type: 'int' }
const at: HuntColumn = { name: 'At', type: 'datetime' }

const draw = (chart: string, columns: HuntColumn[], rows: (string | number | null)[][], properties = {}) =>
  chartOf({ chart, properties }, columns, rows)

describe('a chart', () => {
  test('takes the words as categories and the numbers as heights', () => {
    const chart = draw('barchart', [count, label], [[3, 'a'], [1, 'b']]) as Chart
    expect(chart).toMatchObject({ kind: 'bar', xIs: 'category', xTitle: 'Label', yTitle: 'count_' })
    expect(chart.series).toEqual([{ name: 'count_', points: [{ x: 'a', y: 3 }, { x: 'b', y: 1 }] }])
  })

  test('has a series for each other word and each number', () => {
    const byWord = draw('columnchart', [label, kind, count], [['a', 'k', 1], ['a', 'l', 2]]) as Chart
    expect(byWord.series.map((it) => it.name)).toEqual(['k', 'l'])
    const byNumber = draw('columnchart', [label, count, cost], [['a', 1, 2]]) as Chart
    expect(byNumber.series.map((it) => it.name)).toEqual(['count_', 'Cost'])
  })

  test('over time goes from left to right', () => {
    const rows = [['2026-11-22T00:00:00.0000000Z', 2], ['2026-11-21T00:00:00.0000000Z', 1], [null, 9]]
    const chart = draw('timechart', [at, count], rows) as Chart
    expect(chart).toMatchObject({ kind: 'line', xIs: 'time' })
    expect(chart.series[0]?.points.map((it) => it.y)).toEqual([1, 2])
    expect(draw('timechart', [label, count], [['a', 1]])).toMatch(/column of times/)
  })

  test('does as its properties say', () => {
    const properties = { xcolumn: 'Kind', ycolumns: 'Cost', title: 'Costs', xtitle: 'What' }
    const chart = draw('columnchart', [label, kind, count, cost], [['a', 'k', 1, 7]], properties) as Chart
    expect(chart).toMatchObject({ title: 'Costs', xTitle: 'What', yTitle: 'Cost' })
    expect(chart.series[0]?.points).toEqual([{ x: 'k', y: 7 }])
  })

  test('says what it leaves out', () => {
    const many = Array.from({ length: categoriesMax + 5 }, (_, it) => [`c${it}`, 1])
    const chart = draw('columnchart', [label, count], many) as Chart
    expect(chart.series[0]?.points).toHaveLength(categoriesMax)
    expect(chart.cuts).toEqual([`The chart shows ${categoriesMax} of ${categoriesMax + 5} categories.`])
    const points = Array.from({ length: pointsMax + 1 }, (_, it) => [it, it])
    const line = draw('linechart', [cost, count], points) as Chart
    expect(line.series[0]?.points).toHaveLength(pointsMax)
    expect(line.series[0]?.points.at(-1)).toEqual({ x: pointsMax, y: pointsMax })
  })

  test('of a pie keeps the largest slices', () => {
    const chart = draw('piechart', [label, count], [['a', 1], ['b', 5], ['c', 0]]) as Chart
    expect(chart.series[0]?.points.map((it) => it.x)).toEqual(['b', 'a'])
  })

  test('is a sentence where there is nothing to draw', () => {
    expect(draw('barchart', [label], [['a']])).toMatch(/no numbers/)
    expect(draw('ladderchart', [label, count], [['a', 1]])).toMatch(/ladderchart/)
    expect(draw('barchart', [label, count], [])).toMatch(/nothing to draw/)
  })
})
