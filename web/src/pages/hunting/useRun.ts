import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useRef, useState } from 'react'

import { begun, isRunning, nothingRun, runQuery, withLine, type RunResult } from './run'

/** Rows are shown in steps: a line each would draw the page hundreds of times. */
const showEveryMs = 100

/** One query at a time: a new one ends the one before. Leaving the page ends it too. */
export function useRun() {
  const client = useQueryClient()
  const [result, setResult] = useState<RunResult>(nothingRun)
  const current = useRef<AbortController>(undefined)

  const cancel = useCallback(() => current.current?.abort(), [])

  const run = useCallback(
    async (query: string, asOf?: string) => {
      current.current?.abort()
      const controller = new AbortController()
      current.current = controller
      let latest = begun(query, performance.now())
      let shownAt = 0
      const show = () => {
        if (current.current !== controller) return
        shownAt = performance.now()
        setResult(latest)
      }
      show()
      try {
        await runQuery(asOf === undefined ? { query } : { query, as_of: asOf }, controller.signal, (lines) => {
          latest = lines.reduce(withLine, latest)
          if (!isRunning(latest) || performance.now() - shownAt >= showEveryMs) show()
        })
      } catch (error) {
        const isAborted = error instanceof DOMException && error.name === 'AbortError'
        latest = isAborted ? { ...latest, state: 'cancelled' } : { ...latest, state: 'failed', problem: error }
      }
      show()
      void client.invalidateQueries({ queryKey: ['hunting', '/hunting/history'] })
    },
    [client],
  )

  useEffect(() => () => current.current?.abort(), [])
  return { result, run, cancel }
}
