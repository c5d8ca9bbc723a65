import { expect, test } from 'vitest'

import type { Job } from '@/api/types'

import { GroupIcon, ThingIcon, UserIcon } from './icons'
import { hasEnded, shareDone } from './JobProgress'
import { iconOfKind } from './KindIcon'
import { sparkPath } from './Sparkline'

const job = (changes: Partial<Job>): Job => ({
  id: '1',
  kind: 'import',
  title: 'Import',
  state: 'running',
  created_by: 'admin',
  created_at: '2026-11-21T12:00:00Z',
  progress: { phase: 'Reading', done_bytes: 0 },
  ...changes,
})

test('a job whose size nobody knows shows no share', () => {
  expect(shareDone(job({}))).toBeUndefined()
  expect(shareDone(job({ progress: { phase: '', done_bytes: 5, total_bytes: 10 } }))).toBe(0.5)
  expect(shareDone(job({ progress: { phase: '', done_bytes: 11, total_bytes: 10 } }))).toBe(1)
  expect(shareDone(job({ state: 'done' }))).toBe(1)
})

test('a job has ended when nothing more will come of it', () => {
  const states = ['receiving', 'queued', 'running', 'done', 'failed', 'cancelled', 'interrupted'] as const
  expect(states.filter((state) => hasEnded(job({ state })))).toEqual(['done', 'failed', 'cancelled', 'interrupted'])
})

test('the particular kind decides on the icon before the cloud does', () => {
  expect(iconOfKind('AZGroup')).toBe(GroupIcon)
  expect(iconOfKind('AZUser')).toBe(UserIcon)
  expect(iconOfKind('something new')).toBe(ThingIcon)
})

test('a sparkline lies over time and begins at zero', () => {
  const points = [
    { at: '2026-11-01T00:00:00Z', value: 0 },
    { at: '2026-11-02T00:00:00Z', value: 10 },
    { at: '2026-11-05T00:00:00Z', value: 5 },
  ]
  expect(sparkPath(points, 40)).toEqual([
    [0, 38],
    [25, 2],
    [100, 20],
  ])
})
