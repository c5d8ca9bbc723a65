import { describe, expect, test } from 'vitest'

import type { HuntColumn } from '@/api/hunting'

import { csv, filterOf, filtersOf, filtersText, json, linkOf, orderOf, shownRows, tabbed, textOf } from './grid'

const name: HuntColumn = { name: 'Name', type: 'string' }
const cost: HuntColumn = { name: 'Cost', type: 'int' }
const age: HuntColumn = { name: 'Age', type: 'timespan' }
const bag: HuntColumn = { name: 'Bag', type: 'dynamic' }

test('values as text', () => {
  expect([null, true, 1.5, 'a', { b: [1] }].map(textOf)).toEqual(['', 'true', '1.5', 'a', '{"b":[1]}'])
})

describe('order', () => {
  const rows = [['b', 10], ['a10', null], ['a2', 9]]
  const names = (sort: string) => shownRows([name, cost], rows, orderOf(sort), {}).map((it) => it[0])

  test('numbers by size, nulls last in either direction', () => {
    expect(names('Cost')).toEqual(['a2', 'b', 'a10'])
    expect(names('-Cost')).toEqual(['b', 'a2', 'a10'])
  })

  test('texts as people count', () => {
    expect(names('Name')).toEqual(['a2', 'a10', 'b'])
  })

  test('spans by their length', () => {
    const spans = [['10.00:00:00'], ['2.00:00:00'], ['-00:00:01'], ['23:59:59.5']]
    expect(shownRows([age], spans, orderOf('Age'), {}).map((it) => it[0])).toEqual([
      '-00:00:01',
      '23:59:59.5',
      '2.00:00:00',
      '10.00:00:00',
    ])
  })

  test('a column that is gone leaves the rows as they came', () => {
    expect(names('Gone')).toEqual(['b', 'a10', 'a2'])
  })

  test('whole numbers beyond 2^53 come as texts', () => {
    const longs = [['9223372036854775807'], [5]]
    expect(shownRows([{ name: 'Cost', type: 'long' }], longs, orderOf('Cost'), {})[0]).toEqual([5])
  })
})

const passes = (column: HuntColumn, wanted: string, values: (string | number | null)[]) =>
  values.filter(filterOf(column, wanted))

describe('filters', () => {
  test('a part of the text, in any case', () => {
    expect(passes(name, 'ADM', ['Administrator', 'guest', null])).toEqual(['Administrator'])
    expect(filterOf(bag, 'admin')({ kind: 'Admin' })).toBe(true)
  })

  test('comparisons go by number', () => {
    expect(passes(cost, '>9', [9, 10, 100, null])).toEqual([10, 100])
    expect(passes(cost, '<= 9', [9, 10, null])).toEqual([9])
    expect(passes(cost, '!=9', [9, 10, null])).toEqual([10, null])
    expect(passes(age, '>1.00:00:00', ['10.00:00:00', '02:00:00'])).toEqual(['10.00:00:00'])
  })

  test('a sign alone finds what is empty, or is not', () => {
    expect(passes(name, '=', ['', 'a'])).toEqual([''])
    expect(passes(cost, '!=', [null, 1])).toEqual([1])
  })

  test('in the address and back', () => {
    const filters = { Name: 'a:b|c', Cost: '>3' }
    expect(filtersOf(filtersText(filters))).toEqual(filters)
    expect(filtersText({ Name: '' })).toBeUndefined()
    expect(filtersOf('%:%')).toEqual({ '%': '%' })
  })
})

describe('files', () => {
  test('commas, quotes and lines are kept', () => {
    expect(csv([name, bag], [['a,"b"\nc', { d: 1 }]])).toBe('Name,Bag\r\n"a,""b""\nc","{""d"":1}"\r\n')
  })

  test('what a spreadsheet would run stays a text, a number stays a number', () => {
    expect(csv([name, cost], [['=HYPERLINK("x")', -1]])).toBe('Name,Cost\r\n"\'=HYPERLINK(""x"")",-1\r\n')
  })

  test('cells for the clipboard hold no tabs', () => {
    expect(tabbed([name, cost], [['a\tb', null]])).toBe('Name\tCost\na b\t')
  })

  test('JSON keeps values', () => {
    expect(JSON.parse(json([name, bag], [['a', [1]]]))).toEqual([{ Name: 'a', Bag: [1] }])
  })
})

const column = (named: string): HuntColumn => ({ name: named, type: 'string' })

test('ids lead to what they name', () => {
  const id = '0123456789abcdef0123456789abcdef'
  for (const it of ['NodeId', 'SourceNodeId', 'TargetNodeId', 'NodeId1', 'EntryId', 'TargetId', 'DeviceId', 'ElementId']) {
    expect(linkOf(column(it), id), it).toEqual({ to: 'asset', id })
  }
  expect(linkOf(column('PathId'), id)).toEqual({ to: 'path', id })
  expect(linkOf(column('TargetId'), 'plane:forest:S-1-5-21')).toEqual({ to: 'asset', id: 'plane:forest:S-1-5-21' })
  expect(linkOf(column('FindingId'), id)).toBeUndefined()
  expect(linkOf(column('NodeId'), 'no id')).toBeUndefined()
})
