// What the person who is signed in may do. The server decides; the page only says so beforehand.

import { useQuery } from '@tanstack/react-query'

import { queries } from './queries'

/** The permissions of the server, with the least role that has each. */
const leastRoles = {
  'import-data': 'analyst',
  decide: 'analyst',
  'run-jobs': 'analyst',
  'manage-users': 'administrator',
  'manage-settings': 'administrator',
  'read-audit': 'administrator',
} as const

export type Permission = keyof typeof leastRoles

/** Whether the role is large enough; if not, `why` is the sentence to show beside what is disabled. */
export function useMay(permission: Permission): { may: boolean; why: string | undefined } {
  const { data: session } = useQuery(queries.session())
  const may = session?.permissions.includes(permission) ?? false
  return { may, why: may ? undefined : `This needs the role ${leastRoles[permission]} or a larger one.` }
}
