import { counted, number } from '@/lib/format'

export const texts = {
  overview: { title: 'Overview', description: 'Where you stand, what changed, and what to do first.' },
  changes: { title: 'Changes', description: 'What became of attack paths since the generation before, and why.' },
  addFiles: 'Add files',
  seeAll: 'See all',
  stats: {
    targets: 'Targets exposed',
    targetsNote: (planes: string, assets: string) => `${planes}, ${assets}`,
    planes: (reached: number, total: number) => `${number(reached)} of ${counted(total, 'control plane')}`,
    assets: (reached: number, total: number) => `${number(reached)} of ${counted(total, 'critical asset')}`,
    entries: 'Observed entry points',
    entriesNote: (inferred: number, assumed: number) =>
      `with a path; besides ${number(inferred)} inferred and ${number(assumed)} assumed`,
    entriesNone: (inferred: number, assumed: number) =>
      `None was observed. ${number(inferred)} inferred and ${number(assumed)} assumed ones lead to targets.`,
    scenarios: 'Scenarios',
    scenariosNote: (paths: number) => `in which ${counted(paths, 'attack path')} fall`,
    critical: 'Paths of critical risk',
    criticalNote: (high: number, rest: number) => `besides ${number(high)} of high and ${number(rest)} of lower risk`,
    exposed: 'Exposed critical assets',
    exposedNote: 'An attacker can begin inside of them.',
  },
  scenarios: {
    title: 'Worst scenarios',
    description: 'Attack paths of one shape. Read these first.',
    none: 'There are no attack paths',
    columns: { scenario: 'Scenario', risk: 'Risk', paths: 'Paths', targets: 'Targets' },
    isNew: (count: number) => `${number(count)} new`,
  },
  chokePoints: {
    title: 'Top choke points',
    description: 'Where one change severs most.',
    none: 'No single change severs anything',
    joint: (count: number) => `The smallest change that parts every entry point from every target has ${counted(count, 'step')}.`,
    severs: (targets: number, entries: number, paths: number) => {
      const parts = []
      if (targets > 0) parts.push(`severs ${counted(targets, 'target')}`)
      if (entries > 0) parts.push(`${parts.length > 0 ? '' : 'severs '}${counted(entries, 'entry point')}`)
      parts.push(`${counted(paths, 'path')} through it`)
      return parts.join(', ')
    },
    fix: (title: string, owner: string) => `${title} (${owner})`,
  },
  history: {
    title: 'Over time',
    paths: 'Attack paths',
    targets: 'Targets reached',
    critical: 'Critical paths',
    none: 'A second generation makes a line of this.',
    generations: (count: number) => `Over ${counted(count, 'generation')}`,
  },
  change: {
    title: 'What changed',
    since: (number_: number) => `Since generation ${number(number_)}`,
    first: 'This is the first generation: there is nothing to compare it with yet.',
    none: 'No attack path came, went or takes another route.',
    counts: {
      new: 'New',
      reopened: 'Reopened',
      rerouted: 'Rerouted',
      resolved: 'Resolved',
      unconfirmed: 'Unconfirmed',
    },
    why: 'What is different about what was read and decided',
    reached: 'Now reached',
    freed: 'No longer reached',
    path: (entry: string, target: string) => `${entry} → ${target}`,
    columns: { path: 'Attack path', status: 'Status', risk: 'Risk', reason: 'Why' },
    shown: (shown: number, total: number) => `The worst ${number(shown)} of ${number(total)} are listed.`,
  },
  freshness: {
    title: 'How fresh this is',
    description: 'The newest look at each domain, tenant and site.',
    columns: { boundary: 'Where', newest: 'Newest look', oldest: 'Oldest part', sources: 'Files' },
    stale: 'Stale',
    staleHint: 'Nobody has looked for more than a month. Stale is never taken for fixed.',
    none: 'Nothing was read yet.',
  },
  coverage: {
    gaps: (count: number) => `${counted(count, 'gap')} in what was looked at`,
    noGaps: 'Everything that techniques need was looked at.',
    rejects: (rows: number, files: number) =>
      `${counted(rows, 'row')} and ${counted(files, 'file')} could not be read`,
  },
}
