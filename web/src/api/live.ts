// What the server tells by itself: jobs, state, new generations. One connection for the whole application.

import { useQueryClient, type QueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'

import { base } from './client'
import { queries } from './queries'
import type { Job, JobPage, State } from './types'

/** The job in its place: at the top when it is new, since the newest come first. */
export function withJob(page: JobPage | undefined, job: Job): JobPage | undefined {
  if (!page) return page
  const isKnown = page.items.some((it) => it.id === job.id)
  return { ...page, items: isKnown ? page.items.map((it) => (it.id === job.id ? job : it)) : [job, ...page.items] }
}

export function takeJob(client: QueryClient, job: Job) {
  client.setQueryData<Job>(queries.job(job.id).queryKey, job)
  client.setQueryData<JobPage>(queries.jobs().queryKey, (page) => withJob(page, job))
  if (job.kind === 'import' && job.ended_at) void client.invalidateQueries({ queryKey: ['sources'] })
}

/** `number` is that of the generation, where it was told. */
export function takeGeneration(client: QueryClient, number?: number) {
  // First: whether there is a generation at all decides what is asked again.
  if (number !== undefined) {
    client.setQueryData<State>(queries.state().queryKey, (state) => (state ? { ...state, generation: number } : state))
  }
  for (const group of ['generation', 'sources', 'settings', 'state']) {
    void client.invalidateQueries({ queryKey: [group] })
  }
}

/** Listens while somebody is signed in. The browser connects again by itself after a break. */
export function useLiveEvents() {
  const client = useQueryClient()
  useEffect(() => {
    const events = new EventSource(`${base}/events`)
    let wasOpen = false
    events.addEventListener('open', () => {
      // What happened during a break is not told again.
      if (wasOpen) {
        takeGeneration(client)
        void client.invalidateQueries({ queryKey: ['jobs'] })
      }
      wasOpen = true
    })
    events.addEventListener('job', (event: MessageEvent<string>) => takeJob(client, JSON.parse(event.data) as Job))
    events.addEventListener('state', (event: MessageEvent<string>) =>
      client.setQueryData<State>(queries.state().queryKey, JSON.parse(event.data) as State),
    )
    events.addEventListener('generation', (event: MessageEvent<string>) =>
      takeGeneration(client, (JSON.parse(event.data) as { number: number }).number),
    )
    return () => events.close()
  }, [client])
}
