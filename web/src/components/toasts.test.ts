import { expect, test } from 'vitest'

import { ProblemError } from '@/api/problem'

import { onToast, takeToasts, toast } from './toasts'

test('what is said before anybody listens is not lost, and nothing is said twice', () => {
  toast.done('Removed')
  let calls = 0
  const stop = onToast(() => {
    calls += 1
  })
  expect(calls).toBe(1)
  toast.failed(new ProblemError({ type: 'x', title: 'The file is too large.', status: 413, detail: 'Split it.' }))
  expect(calls).toBe(2)
  expect(takeToasts()).toEqual([
    { intent: 'success', title: 'Removed', detail: undefined },
    { intent: 'error', title: 'The file is too large.', detail: 'Split it.' },
  ])
  expect(takeToasts()).toEqual([])
  stop()
})
