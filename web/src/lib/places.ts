// What ids and names of places say of them.

/** Entry points and control planes stand for many assets, and have ids of this form. */
export const isVirtual = (id: string) => /^(entry|plane):/.test(id)
export const isControlPlane = (id: string) => id.startsWith('plane:')

/** What a role reaches all of stands on the way of a path, and has no page. */
export const isObjectSet = (id: string) => id.startsWith('set:')

/** Steps, paths, scenarios, relations and findings have ids of 32 digits. */
export const isEdgeId = (id: string) => /^[0-9a-f]{32}$/.test(id)

/** `ANNA@CORP.EXAMPLE` and `FILES01.CORP.EXAMPLE`: the name, and the domain apart. */
export function nameParts(name: string): [name: string, domain: string | undefined] {
  const found = /^([^@]+)@([^@]+)$/.exec(name) ?? /^([\w-]*[a-z][\w-]*)\.([\w.-]+)$/i.exec(name)
  return found ? [found[1]!, found[2]] : [name, undefined]
}
