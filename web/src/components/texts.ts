// What the shared components say.

import { counted, number } from '@/lib/format'

export const texts = {
  unknown: 'Unknown',
  none: 'None',
  copy: (what: string) => `Copy ${what}`,
  copied: 'Copied',
  notCopied: 'The browser did not allow copying. Select the text and copy it by hand.',
  tryAgain: 'Try again',
  nothing: {
    title: 'Nothing has been read yet',
    hint:
      'Drop the files of your collectors and scanners on the Sources page: a SharpHound zip, an AzureHound file, a ' +
      'Nessus report. Attack paths are shown as soon as they are read.',
    action: 'Add files',
  },
  cancel: 'Cancel',
  close: 'Close',
  loading: (what: string) => `Loading ${what}`,
  breadcrumbs: 'Breadcrumbs',
  chart: { table: 'Values of the chart', when: 'When' },
  table: {
    pages: (label: string) => `Pages of ${label.toLowerCase()}`,
    previous: 'Previous page',
    next: 'Next page',
    first: 'This is the first page.',
    last: 'This is the last page.',
    perPage: (rows: number) => `${number(rows)} rows per page`,
    range: (first: number, last: number, total: number) =>
      `${number(first)}–${number(last)} of ${number(total)}`,
    noMatch: 'Nothing matches the filters',
    noMatchHint: 'Take a filter away, or search for something else.',
    sortBy: (title: string) => `Sort by ${title.toLowerCase()}`,
  },
  filters: {
    label: 'Filters',
    clear: 'Clear filters',
    all: 'All',
    found: (total: number, one: string, many?: string) => counted(total, one, many),
  },
  job: {
    states: {
      receiving: 'Receiving',
      queued: 'Waiting',
      running: 'Running',
      done: 'Done',
      failed: 'Failed',
      cancelled: 'Cancelled',
      interrupted: 'Interrupted',
    },
    progress: (title: string) => `Progress of ${title}`,
    cancel: (title: string) => `Cancel ${title}`,
    bytes: (done: string, total: string) => `${done} of ${total}`,
  },
  risks: { critical: 'Critical', high: 'High', medium: 'Medium', low: 'Low' },
  grades: {
    certain: 'Works every time: nothing but the access itself is needed.',
    'very likely': 'Works nearly every time with common tools.',
    likely: 'Works mostly; a little can go wrong.',
    possible: 'Works if something else helps, such as a weak password.',
    hard: 'Needs much skill, time or luck.',
    theoretical: 'Has been shown, but is hardly done in practice.',
  } as Record<string, string>,
  statuses: {
    new: { label: 'New', hint: 'Was not there in the generation before.' },
    reopened: { label: 'Reopened', hint: 'Was gone, and is there again.' },
    resolved: { label: 'Resolved', hint: 'Is gone: what it needs was looked at and is no longer so.' },
    unconfirmed: { label: 'Unconfirmed', hint: 'Is not found any more, but nobody looked whether it is gone.' },
    rerouted: { label: 'Rerouted', hint: 'Joins the same two ends by another way.' },
    active: { label: 'Active', hint: 'Was there in the generation before, and still is.' },
  } as Record<string, { label: string; hint: string }>,
  bases: {
    observed: { label: 'Observed', hint: 'A source saw this entry: it is open to attackers.' },
    inferred: { label: 'Inferred', hint: 'Follows from what sources say, such as a password that can be guessed.' },
    assumed: { label: 'Assumed', hint: 'Taken for granted: any user or workstation may fall one day.' },
  } as Record<string, { label: string; hint: string }>,
  criticality: {
    'very high': 'Very high',
    high: 'High',
    medium: 'Medium',
    low: 'Low',
  } as Record<string, string>,
  controlPlane: 'Control plane',
}
