import { describe, expect, test } from 'vitest'

import type { HuntColumn } from '@/api/hunting'

import { graphOf, hasGraph, layout, nodesMax } from './graph'

const columns = (...names: string[]): HuntColumn[] => names.map((name) => ({ name, type: 'string' }))

describe('a graph', () => {
  test('is in a table with the two ends of edges', () => {
    const table = {
      columns: columns('SourceNodeId', 'SourceNodeName', 'EdgeLabel', 'TargetNodeId', 'TargetNodeName'),
      rows: [['a', 'Anna', 'member of', 'b', 'Admins'], ['a', 'Anna', 'can rdp to', 'b', 'Admins']],
    }
    expect(hasGraph([table])).toBe(true)
    expect(graphOf([table])).toEqual({
      nodes: [{ id: 'a', name: 'Anna', label: '' }, { id: 'b', name: 'Admins', label: '' }],
      edges: [{ source: 'a', target: 'b', label: 'member of, can rdp to' }],
      nodesTotal: 2,
    })
  })

  test('has its nodes in another table', () => {
    const nodes = { columns: columns('Id', 'NodeName', 'NodeLabel'), rows: [['1', 'Anna', 'user'], ['3', 'Lone', 'user']] }
    const edges = { columns: columns('source_id', 'target_id'), rows: [['1', '2']] }
    const graph = graphOf([nodes, edges])
    expect(graph?.nodes).toEqual([
      { id: '1', name: 'Anna', label: 'user' },
      { id: '2', name: '2', label: '' },
      { id: '3', name: 'Lone', label: 'user' },
    ])
  })

  test('of attack paths goes from entry to target', () => {
    const graph = graphOf([{ columns: columns('EntryId', 'TargetId', 'Cost'), rows: [['e', 't', '3']] }])
    expect(graph?.edges).toEqual([{ source: 'e', target: 't', label: '' }])
  })

  test('is not in a table without them', () => {
    expect(hasGraph([{ columns: columns('NodeName', 'TargetNodeId'), rows: [] }])).toBe(false)
  })

  test('keeps the nodes with the most edges', () => {
    const rows = Array.from({ length: nodesMax + 50 }, (_, it) => ['hub', `n${it}`])
    const graph = graphOf([{ columns: columns('source', 'target'), rows }])
    expect(graph?.nodes).toHaveLength(nodesMax)
    expect(graph?.nodesTotal).toBe(nodesMax + 51)
    expect(graph?.nodes.some((it) => it.id === 'hub')).toBe(true)
    expect(graph?.edges).toHaveLength(nodesMax - 1)
  })
})

describe('the picture', () => {
  const star = graphOf([{ columns: columns('source', 'target'), rows: ['b', 'c', 'd', 'e'].map((it) => ['a', it]) }])!

  test('is the same each time, and keeps nodes apart', () => {
    const places = [...layout(star).values()]
    expect([...layout(star).values()]).toEqual(places)
    for (const [one, a] of places.entries()) {
      for (const b of places.slice(one + 1)) expect(Math.hypot(a.x - b.x, a.y - b.y)).toBeGreaterThan(30)
    }
  })

  test('has a place for an edge to itself', () => {
    const self = graphOf([{ columns: columns('source', 'target'), rows: [['a', 'a']] }])!
    expect(layout(self).size).toBe(1)
  })
})
