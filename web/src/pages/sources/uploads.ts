// The files that this tab is sending. It goes on while other pages are looked at.

import { useSyncExternalStore } from 'react'

import { toast } from '@/components/toasts'
import { upload, type Chosen, type Upload } from '@/api/upload'

import { texts } from './texts'

export interface Sending {
  files: number
  sentBytes: number
  totalBytes: number
  cancel: () => void
}

let sending: Sending | undefined
const listeners = new Set<() => void>()

function say(next: Sending | undefined) {
  sending = next
  for (const it of listeners) it()
}

const warn = (event: BeforeUnloadEvent) => {
  event.preventDefault()
  return texts.drop.leave
}

/** Sends files as one import. One at a time: the server reads them one after the other anyway. */
export async function send(files: readonly Chosen[], source: string | undefined) {
  if (sending) return
  const totalBytes = files.reduce((sum, it) => sum + it.file.size, 0)
  const going: Upload = upload(files, {
    ...(source ? { source } : {}),
    onProgress: (sentBytes, total) => {
      if (sending) say({ ...sending, sentBytes, totalBytes: total })
    },
  })
  say({ files: files.length, sentBytes: 0, totalBytes, cancel: going.cancel })
  window.addEventListener('beforeunload', warn)
  try {
    await going.job
  } catch (error) {
    const isCancelled = error instanceof DOMException && error.name === 'AbortError'
    if (!isCancelled) toast.failed(error)
  } finally {
    window.removeEventListener('beforeunload', warn)
    say(undefined)
  }
}

export const useSending = () =>
  useSyncExternalStore(
    (listen) => {
      listeners.add(listen)
      return () => listeners.delete(listen)
    },
    () => sending,
  )
