// Compares two files of answers by id: `node compare.mjs queries.jsonl ours.jsonl official.jsonl`.
// Prints how many agree on syntax, and every disagreement with its query.

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
for (const ours of rows(oursFile)) {
  const theirs = official.get(ours.id)
  if (!theirs) continue
  total += 1
  valid += theirs.ok ? 1 : 0
  if (ours.ok === theirs.ok) {
    agreed += 1
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
