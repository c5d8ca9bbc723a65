// Sends files with progress. `fetch` cannot say how much of a body has gone, so this is the older interface.

import { base } from './client'
import { ProblemError, problemOf, unreachable } from './problem'
import type { Job } from './types'

export interface Chosen {
  file: File
  /** The name with the folders it was dropped with. */
  path: string
}

export interface Upload {
  job: Promise<Job>
  /** The server takes a broken-off upload for cancelled. */
  cancel: () => void
}

export function upload(
  files: readonly Chosen[],
  options: { source?: string; onProgress?: (sentBytes: number, totalBytes: number) => void } = {},
): Upload {
  const form = new FormData()
  if (options.source) form.append('source', options.source)
  for (const { file, path } of files) form.append('file', file, path)
  const request = new XMLHttpRequest()
  request.open('POST', `${base}/uploads`)
  request.responseType = 'json'
  const job = new Promise<Job>((resolve, reject) => {
    request.upload.addEventListener('progress', (event) => options.onProgress?.(event.loaded, event.total))
    request.addEventListener('load', () => {
      if (request.status < 300) resolve(request.response as Job)
      else reject(new ProblemError(problemOf(request.status, request.response)))
    })
    request.addEventListener('error', () => reject(new ProblemError(unreachable)))
    request.addEventListener('abort', () => reject(new DOMException('The upload was cancelled.', 'AbortError')))
  })
  request.send(form)
  return { job, cancel: () => request.abort() }
}
