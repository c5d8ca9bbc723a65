import { useSyncExternalStore } from 'react'

const stepMs = 30_000

let now = Date.now()
const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined

function subscribe(listener: () => void) {
  listeners.add(listener)
  timer ??= setInterval(() => {
    now = Date.now()
    for (const it of listeners) it()
  }, stepMs)
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) {
      clearInterval(timer)
      timer = undefined
    }
  }
}

/** One clock for all relative times on the screen, in milliseconds since 1970; it moves every half minute. */
export function useNow() {
  return useSyncExternalStore(subscribe, () => {
    // Nobody has listened for a while: the time kept is old.
    if (listeners.size === 0 && Date.now() - now > stepMs) now = Date.now()
    return now
  })
}
