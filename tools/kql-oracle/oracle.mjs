// Reads JSON lines {"id","query","schema"?} and prints for each what the official language service says:
// {"id","ok","position","message","columns","open","errors":[{code,start,length,message}]}
//
//   node oracle.mjs [--syntax] [--schema schema.json] < queries.jsonl
//
// `ok` and `position` are about syntax alone. `columns`, `open` and `errors` are those of the bound query; a row's own
// `schema` takes the place of the file's. Positions count UTF-16 units.

import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

import { analyze, globalsOf, syntax } from './service.mjs'

const option = (name) => {
  const at = process.argv.indexOf(name)
  return at < 0 ? undefined : process.argv[at + 1]
}
const syntaxOnly = process.argv.includes('--syntax')
const schemaFile = option('--schema') ?? new URL('schema.json', import.meta.url)
const globals = syntaxOnly ? undefined : globalsOf(JSON.parse(readFileSync(schemaFile, 'utf8')))

for await (const line of createInterface({ input: process.stdin })) {
  if (!line.trim()) continue
  const { id, query, schema } = JSON.parse(line)
  if (typeof query !== 'string') continue
  const [first] = syntax(query)
  const answer = { id, ok: !first, position: first?.start ?? -1, message: first?.message ?? null }
  if (!syntaxOnly) {
    const own = schema && !Array.isArray(schema) ? globalsOf(schema) : globals
    const { diagnostics, columns, isOpen } = analyze(query, own)
    answer.columns = columns
    answer.open = isOpen
    answer.errors = diagnostics.filter((diagnostic) => diagnostic.severity === 'Error')
  }
  console.log(JSON.stringify(answer))
}
