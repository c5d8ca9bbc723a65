// What the pages of choke points and of the blast radius say.

import { counted, number } from '@/lib/format'

export const texts = {
  chokePoints: { title: 'Choke points', description: 'Single changes that cut many attack paths at once.' },
  viewsLabel: 'Views of the choke points',
  views: { 'choke-points': 'Choke points', 'blast-radius': 'Widest blast radius' },
  list: 'Choke points, those that sever most first',
  found: ['choke point', 'choke points'] as const,
  hint: 'Every route of what it severs passes here. One change is enough.',
  sort: 'Order',
  sorts: {
    severed: 'Severs most first',
    targets_severed: 'Most targets first',
    entries_severed: 'Most entry points first',
    paths_through: 'Most paths first',
    cost: 'Least effort first',
    name: 'By name',
  },
  targets: (count: number) => counted(count, 'target'),
  entries: (count: number) => counted(count, 'entry point'),
  severs: (targets: number, entries: number) => {
    const parts = [
      ...(targets > 0 ? [`${counted(targets, 'target')} that no entry point would reach any more`] : []),
      ...(entries > 0 ? [`${counted(entries, 'entry point')} that would reach no target any more`] : []),
    ]
    return `Severs ${parts.join(', and ')}.`
  },
  columns: { targets: 'Targets severed', entries: 'Entries severed', paths: 'Paths through' },
  cheapest: 'Cheapest change',
  others: (count: number) => `Show all ${number(count)} changes`,
  fewer: 'Show the cheapest change only',
  changesOf: (name: string) => `Changes that sever at ${name}`,
  anyOne: 'Any one of these is enough.',
  extent: {
    step: (step: string) => step,
    into: (asset: string, steps: number) => `All ${counted(steps, 'step')} into ${asset}`,
    'out of': (asset: string, steps: number) => `All ${counted(steps, 'step')} out of ${asset}`,
  },
  stepName: (technique: string, source: string, target: string) => `${technique}, from ${source} to ${target}`,
  effort: (cost: number) => `Effort ${number(cost)} in all`,
  noFix: 'nobody can change it',
  whatIf: 'What if',
  whatIfOf: (change: string) => `What if: ${change}`,
  paths: (count: number) => counted(count, 'path'),
  joint: {
    title: 'No single change severs anything',
    text: (count: number) =>
      `Entry points and targets are joined in several ways. At least ${counted(count, 'step')} would have to go at once to part all entry points from all targets.`,
    unknown: 'No set of changes parts all entry points from all targets: some way cannot be changed by anybody.',
    action: 'Show the scenarios',
  },
  none: { title: 'Nothing to cut', hint: 'There is no attack path.', action: 'See coverage' },
  leftOut: (count: number) =>
    `${counted(count, 'more asset')} sever something too, but it takes more than 10 steps there, or a step that nobody can change.`,

  blast: {
    title: (name: string) => `Blast radius of ${name}`,
    short: 'Blast radius',
    description: 'What an attacker who holds this can get hold of, devices held as administrator.',
    crumbs: 'All assets',
    targets: 'Targets reached',
    noTargets: 'No target is reached.',
    assets: 'Assets reached',
    behind: 'Behind a target',
    steps: 'Steps that can be taken',
    assetsHint: 'Before any target is crossed. Groups, containers, policies and domains are means and not counted.',
    behindHint: 'Members of the targets reached, and what lies behind them: lost when the target is lost.',
    noAssets: 'No other asset is reached.',
    byKind: 'Assets by kind',
    kind: 'Kind',
    count: 'Assets',
    names: 'Names',
    truncated: (shown: number, total: number) => `The first ${number(shown)} of ${number(total)} by name.`,
    more: 'Show more',
    reached: 'reached',
    whatIf: 'What if this were gone',
    paths: 'Attack paths through it',
    widest: 'Entry points that lead furthest',
    widestHint: 'Where an attacker can begin, by the targets and then the assets that are reached from there.',
    entry: 'Entry point',
    noneTitle: 'No entry points',
    noneHint: 'Nothing shows where an attacker could begin.',
  },
}
