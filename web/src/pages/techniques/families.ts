import type { Grade, TechniqueRow } from '@/api/types'

/** The surest first. */
const gradeOrder: readonly Grade[] = ['certain', 'very likely', 'likely', 'possible', 'hard', 'theoretical']

export function matches(row: TechniqueRow, { q, family }: { q?: string; family?: string }) {
  if (family !== undefined && row.family !== family) return false
  const words = (q ?? '').toLowerCase().split(/\s+/).filter(Boolean)
  const text = [row.id, row.title, row.label, ...row.attack].join(' ').toLowerCase()
  return words.every((it) => text.includes(it))
}

const orders: Record<string, (a: TechniqueRow, b: TechniqueRow) => number> = {
  title: (a, b) => a.title.localeCompare(b.title),
  grade: (a, b) => gradeOrder.indexOf(a.grade) - gradeOrder.indexOf(b.grade),
  steps: (a, b) => a.steps - b.steps,
}

/** Families by name, each with its techniques in the order of `sort` (`field` or `-field`). */
export function familiesOf(rows: readonly TechniqueRow[], sort: string | undefined) {
  const found = new Map<string, TechniqueRow[]>()
  for (const row of rows) {
    const family = found.get(row.family)
    if (family) family.push(row)
    else found.set(row.family, [row])
  }
  const isDescending = sort?.startsWith('-') ?? false
  const order = orders[(sort ?? 'title').replace(/^-/, '')] ?? orders.title!
  return [...found]
    .map(([family, of]) => ({ family, rows: of.toSorted((a, b) => (isDescending ? order(b, a) : order(a, b))) }))
    .toSorted((a, b) => a.family.localeCompare(b.family))
}
