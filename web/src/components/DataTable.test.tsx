// @vitest-environment happy-dom

import { FluentProvider, webLightTheme } from '@fluentui/react-components'
import { cleanup, fireEvent, render, screen } from '@testing-library/react'
import { afterEach, expect, test, vi } from 'vitest'

import { ProblemError } from '@/api/problem'

import { column, DataTable, nextSort, type ListState } from './DataTable'

interface Row {
  id: string
  paths: number | null
}

const columns = [
  column.text<Row>('name', (it) => <a href={`#${it.id}`}>{it.id}</a>, { title: 'Name', isSortable: true }),
  column.number<Row>('paths', (it) => it.paths, { title: 'Paths', isSortable: true }),
]

function show(query: Partial<ListState<Row>>, more: { sort?: string; isFiltered?: boolean } = {}) {
  const onChange = vi.fn()
  const state: ListState<Row> = { data: undefined, error: null, isPending: false, refetch: vi.fn(), ...query }
  render(
    <FluentProvider theme={webLightTheme}>
      <DataTable
        label="Things"
        columns={columns}
        query={state}
        keyOf={(it) => it.id}
        onChange={onChange}
        empty={<p>Import a file</p>}
        {...more}
      />
    </FluentProvider>,
  )
  return { onChange, state }
}

afterEach(cleanup)

test('a heading that is pressed again turns the order round', () => {
  expect(nextSort(undefined, { id: 'name' })).toBe('name')
  expect(nextSort('name', { id: 'name' })).toBe('-name')
  expect(nextSort('-name', { id: 'name' })).toBe('name')
  expect(nextSort('name', { id: 'paths', startsDescending: true })).toBe('-paths')
})

test('the order is said to screen readers and asked of the server', () => {
  const { onChange } = show({ data: { items: [{ id: 'a', paths: 1 }] } }, { sort: '-paths' })
  expect(screen.getByRole('columnheader', { name: 'Paths' }).getAttribute('aria-sort')).toBe('descending')
  fireEvent.click(screen.getByRole('button', { name: 'Name' }))
  expect(onChange).toHaveBeenCalledWith({ sort: 'name', offset: undefined })
})

test('what is not known is not shown as zero', () => {
  show({ data: { items: [{ id: 'a', paths: null }] } })
  expect(screen.getByRole('cell', { name: 'Unknown' })).toBeDefined()
})

test('an empty list says what to do; one that filters have emptied says that', () => {
  show({ data: { items: [] } })
  expect(screen.getByText('Import a file')).toBeDefined()
  cleanup()
  show({ data: { items: [] } }, { isFiltered: true })
  expect(screen.getByRole('heading', { name: 'Nothing matches the filters' })).toBeDefined()
})

test('a failure is told with its advice, and can be tried again', () => {
  const error = new ProblemError({ type: 'x', title: 'The disk is full.', status: 500, detail: 'Make room.' })
  const { state } = show({ error })
  expect(screen.getByText('Make room.', { exact: false })).toBeDefined()
  fireEvent.click(screen.getByRole('button', { name: 'Try again' }))
  expect(state.refetch).toHaveBeenCalledOnce()
})

test('the arrow keys go from row to row', () => {
  show({ data: { items: ['a', 'b', 'c'].map((id) => ({ id, paths: 1 })) } })
  const links = screen.getAllByRole('link')
  links[0]!.focus()
  fireEvent.keyDown(links[0]!, { key: 'ArrowDown' })
  expect(document.activeElement).toBe(links[1])
  fireEvent.keyDown(links[1]!, { key: 'End' })
  expect(document.activeElement).toBe(links[2])
  fireEvent.keyDown(links[2]!, { key: 'ArrowDown' })
  expect(document.activeElement).toBe(links[2])
})

test('while rows come, the table is busy', () => {
  show({ isPending: true })
  expect(screen.getByRole('table', { name: 'Things' }).getAttribute('aria-busy')).toBe('true')
})
