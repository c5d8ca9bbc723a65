// What the pages of techniques say.

import { counted } from '@/lib/format'

const footholds = { none: undefined, user: 'as user', admin: 'as administrator' } as const

export const texts = {
  techniques: { title: 'Techniques', description: 'What Postern knows an attacker can do, and how sure it is.' },
  technique: { title: 'Technique', description: 'What it needs, what it gives, how to see it and how to stop it.' },
  search: 'Search techniques',
  family: 'Family',
  found: ['technique', 'techniques'] as const,
  columns: { title: 'Technique', grade: 'Works', steps: 'Steps', attack: 'ATT&CK', foothold: 'Device is held' },
  families: {
    acl: 'Permissions',
    assumed: 'Assumptions',
    containment: 'Containment and policies',
    credentials: 'Stored credentials',
    delegation: 'Delegation',
    'local-groups': 'Local groups',
    membership: 'Group membership',
    network: 'Network',
    ownership: 'Ownership',
    replication: 'Replication',
    sessions: 'Sessions',
    trusts: 'Trusts',
  } as Record<string, string>,
  attack: 'MITRE ATT&CK',
  noAttack: 'ATT&CK has no technique for it.',
  attackOpens: 'Opens attack.mitre.org in a new tab',
  foothold: { before: 'Before', after: 'After' },
  heldBefore: (held: keyof typeof footholds) =>
    footholds[held] ? `The device it starts from has to be held ${footholds[held]}.` : 'Control of the start is enough.',
  heldAfter: (held: keyof typeof footholds) =>
    footholds[held] ? `The device at its end is then held ${footholds[held]}.` : 'Control of the end, which is no device.',
  held: (held: keyof typeof footholds) => footholds[held] ?? 'any',
  ends: { source: 'the start', target: 'the end' },
  noMatch: 'No technique matches the filters',
  noMatchHint: 'Take a filter away, or search for something else.',
  what: 'What an attacker does',
  grade: 'How likely it works',
  gradeHint: 'A capable attacker who holds the start tries for 30 days.',
  detection: 'How to notice it',
  remediations: 'How to close it',
  noRemediations: 'Nothing can be done about a step of this kind itself.',
  cost: (cost: number) => `Effort ${cost} of 10`,
  inputs: 'What has to be collected',
  inputsHint: 'Where this was not looked at, steps of this technique cannot be found. Coverage says where.',
  noInputs: 'Nothing but what is known anyway.',
  steps: (count: number) => counted(count, 'step'),
  stepsHint: 'in this generation',
  label: 'Label in exports',
  id: 'Id',
  paths: 'Attack paths that use it',
  whatIf: 'What if nobody could do this',
  unknown: (id: string) => `There is no technique ${id}`,
  unknownHint: 'The catalog of this version does not have it. The list shows those that it has.',
  toList: 'Show all techniques',
}
