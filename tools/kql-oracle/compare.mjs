// Compares two files of answers by id: `node compare.mjs queries.jsonl ours.jsonl official.jsonl`.
// Prints how many agree on syntax and, where both take the syntax and both files have it, on binding and on the columns of
// the result; and every disagreement with its query. What Postern does not run is left out of the comparison of binding.

import { readFileSync } from 'node:fs'

const rows = (file) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.trim())
    .map((line) => JSON.parse(line))

const [queriesFile, oursFile, officialFile] = process.argv.slice(2)
const queries = new Map(rows(queriesFile).map((row) => [row.id, row.query]))
const official = new Map(rows(officialFile).map((row) => [row.id, row]))

let total = 0
let valid = 0
let agreed = 0
let near = 0
let refusedByBoth = 0
let compared = 0
let unsupported = 0
let sameVerdict = 0
let bothBind = 0
let sameColumns = 0
const show = (columns) => (columns ?? []).map(({ name, type }) => `${name}:${type}`).join(', ')
const disagree = (ours, official, id) =>
  console.log(JSON.stringify({ id, ours, official, query: queries.get(id) }))

function compareBinding(ours, theirs) {
  if (ours.errors.some(({ code }) => code === 'Unsupported')) {
    unsupported += 1
    return
  }
  compared += 1
  const [our] = ours.errors
  const [their] = theirs.errors
  if (!our !== !their) {
    disagree(our ? `binding ${our.start}: ${our.message}` : 'binds', their ? `${their.start}: ${their.message}` : 'binds', ours.id)
    return
  }
  sameVerdict += 1
  // The columns of a query without a table, and those that depend on the rows, are not told by both.
  if (our || !theirs.columns || theirs.columns.some(({ name }) => name === null) || theirs.open || ours.open || !ours.columns) {
    return
  }
  bothBind += 1
  if (show(ours.columns) === show(theirs.columns)) sameColumns += 1
  else disagree(`columns ${show(ours.columns)}`, show(theirs.columns), ours.id)
}

for (const ours of rows(oursFile)) {
  const theirs = official.get(ours.id)
  if (!theirs) continue
  total += 1
  valid += theirs.ok ? 1 : 0
  if (ours.ok === theirs.ok) {
    agreed += 1
    if (ours.ok && ours.errors && theirs.errors) compareBinding(ours, theirs)
    if (!ours.ok) {
      refusedByBoth += 1
      near += Math.abs(ours.position - theirs.position) <= 12 ? 1 : 0
    }
  } else {
    console.log(
      JSON.stringify({
        id: ours.id,
        ours: ours.ok ? 'takes it' : `${ours.position}: ${ours.message}`,
        official: theirs.ok ? 'takes it' : `${theirs.position}: ${theirs.message}`,
        query: queries.get(ours.id),
      }),
    )
  }
}
const percent = (part, whole) => (whole ? ((100 * part) / whole).toFixed(2) : '-')
console.log(`${agreed} of ${total} agree on syntax (${percent(agreed, total)} %); ${valid} are valid`)
console.log(`${near} of ${refusedByBoth} that both refuse are refused within 12 characters (${percent(near, refusedByBoth)} %)`)
if (compared) {
  console.log(`${sameVerdict} of ${compared} agree on binding (${percent(sameVerdict, compared)} %); ${unsupported} use what Postern does not run`)
  console.log(`${sameColumns} of ${bothBind} that both bind have the same columns (${percent(sameColumns, bothBind)} %)`)
}
