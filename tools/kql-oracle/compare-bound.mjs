// Compares what our binder and the official one say: whether a query can be bound, and the columns of its result.
//   node compare-bound.mjs queries.jsonl ours.jsonl official.jsonl [--show 40]
import { readFileSync } from 'node:fs'

const lines = (file) => readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line))
const [queries, ours, official] = process.argv.slice(2, 5).map(lines)
const show = Number(process.argv[process.argv.indexOf('--show') + 1]) || 20
const answer = new Map(official.map((row) => [row.id, row]))
const query = new Map(queries.map((row) => [row.id, row.query]))

// The value of a query that is an expression has no name there.
const text = (columns) => columns?.map(({ name, type }) => `${name ?? 'print_0'}:${type}`).join(', ')
const kinds = new Map()
let agree = 0
let judged = 0
let unsupported = 0
for (const row of ours) {
  const other = answer.get(row.id)
  if (!other) continue
  if (!row.ok && /is not supported( by Postern)?$/.test(row.message)) {
    unsupported += 1
    continue
  }
  judged += 1
  const theyTake = other.errors.length === 0
  let kind
  if (row.ok && !theyTake) kind = `we take: ${other.errors[0].message.replace(/'[^']*'/g, 'X')}`
  else if (!row.ok && theyTake) kind = `we refuse: ${row.message.replace(/`[^`]*`/g, 'X')}`
  else if (row.ok && !other.open && row.columns && text(row.columns) !== text(other.columns)) kind = 'columns'
  if (!kind) {
    agree += 1
    continue
  }
  const found = kinds.get(kind) ?? []
  found.push({ query: query.get(row.id), ours: text(row.columns) ?? row.message, official: theyTake ? text(other.columns) : other.errors[0].message })
  kinds.set(kind, found)
}
console.log(`${agree} of ${judged} agree (${((100 * agree) / judged).toFixed(2)} %); ${unsupported} are refused as not supported`)
for (const [kind, found] of [...kinds].sort((a, b) => b[1].length - a[1].length).slice(0, show)) {
  console.log(`\n${found.length} ${kind}`)
  for (const { query, ours, official } of found.slice(0, 3)) console.log(`  ${query.replace(/\n/g, ' ')}\n    ours     ${ours}\n    official ${official}`)
}
