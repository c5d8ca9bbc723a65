// Short words on what was done, or what went wrong, in the corner of the screen; screen readers say them.
// What shows them is loaded with the first one: see app/Toasts.tsx.

import { problemFrom } from '@/api/problem'

export interface ToastWords {
  intent: 'success' | 'error'
  title: string
  detail?: string | undefined
}

let waiting: ToastWords[] = []
let listener: (() => void) | undefined

/** One listener: the frame around the pages. It takes what waits with `takeToasts`. */
export function onToast(listen: () => void) {
  listener = listen
  if (waiting.length > 0) listen()
  return () => {
    if (listener === listen) listener = undefined
  }
}

export function takeToasts() {
  const taken = waiting
  waiting = []
  return taken
}

function say(words: ToastWords) {
  waiting.push(words)
  listener?.()
}

export const toast = {
  done: (title: string, detail?: string) => say({ intent: 'success', title, detail }),
  failed: (error: unknown) => {
    const { title, detail } = problemFrom(error)
    say({ intent: 'error', title, detail })
  },
}
