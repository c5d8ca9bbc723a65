// Writes the facts about built-in functions that the official language service knows, one function a line:
//   node signatures.mjs > ../../crates/kql/src/functions/signatures.tsv
// Columns: kind, name, how the result is named, signatures. Facts only: descriptions are our own (sentences.tsv).
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import vm from 'node:vm'

const require = createRequire(import.meta.url)
const folder = dirname(require.resolve('@kusto/language-service-next/package.json'))
for (const file of ['bridge.js', 'Kusto.Language.Bridge.js']) {
  vm.runInThisContext(readFileSync(join(folder, file), 'utf8'), { filename: file })
}
const { Kusto, Bridge, System } = globalThis
const { Symbols } = Kusto.Language

const list = (values) => {
  const all = []
  if (values) for (const e = Bridge.getEnumerator(values); e.moveNext(); ) all.push(e.Current)
  return all
}
const nameOf = (kind, value) => System.Enum.toString(kind, value)

function parameter(p) {
  const kind = nameOf(Symbols.ParameterTypeKind, p.TypeKind)
  const type = kind === 'Declared' ? list(p.DeclaredTypes).map((t) => t.Name).join('|') : kind
  const argument = nameOf(Symbols.ArgumentKind, p.ArgumentKind)
  const values = list(p.Values).map(String)
  let text = `${p.Name}:${type}`
  if (argument !== 'Expression') text += `!${argument === '13' ? 'Expression' : argument}`
  if (values.length) text += `{${values.join('|')}}`
  if (p.IsRepeatable) text += `*${p.MinOccurring}..${p.MaxOccurring}`
  else if (p.IsOptional) text += '?'
  return text
}

function signature(s) {
  let result = nameOf(Symbols.ReturnTypeKind, s.ReturnKind)
  if (result === 'Declared') {
    const type = s._returnType
    const columns = type.Columns ? list(type.Columns).map((c) => `${c.Name}:${c.Type.Name}`).join(',') : null
    result = columns === null ? type.Name : `(${columns})`
  }
  return `${list(s.Parameters).map(parameter).join(', ')} -> ${result}`
}

for (const [kind, functions] of [
  ['scalar', Kusto.Language.Functions.All],
  ['aggregate', Kusto.Language.Aggregates.All],
  ['plugin', Kusto.Language.PlugIns.All],
]) {
  for (const f of list(functions)) {
    const naming = nameOf(Symbols.ResultNameKind, f.ResultNameKind)
    const prefix = f.ResultNamePrefix ? ` ${f.ResultNamePrefix}` : ''
    console.log([kind, f.Name, naming + prefix, list(f.Signatures).map(signature).join(' ; ')].join('\t'))
  }
}
