// The official language service, loaded into plain Node. The package is made for browsers: two scripts that fill the
// global scope.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { runInThisContext } from 'node:vm'

const folder = dirname(createRequire(import.meta.url).resolve('@kusto/language-service-next/package.json'))
for (const file of ['bridge.min.js', 'Kusto.Language.Bridge.min.js']) {
  runInThisContext(readFileSync(join(folder, file), 'utf8'), { filename: file })
}

const { Kusto, System, Bridge } = globalThis
const { Symbols } = Kusto.Language

const list = (items) => Array.from(System.Linq.Enumerable.from(items).ToArray())

/** A schema as in `schema.json`: tables with columns, and functions. */
export function globalsOf(schema) {
  const tables = Object.entries(schema.tables ?? {}).map(([name, columns]) => {
    const declared = Object.entries(columns).map(([column, type]) => `['${column}']:${type}`)
    return new Symbols.TableSymbol.$ctor7(name, `(${declared.join(', ')})`, '')
  })
  const functions = (schema.functions ?? []).map(
    ({ name, parameters, body }) => new Symbols.FunctionSymbol.$ctor16(name, parameters, body, ''),
  )
  const database = new Symbols.DatabaseSymbol.ctor('hunting', [...tables, ...functions])
  return Kusto.Language.GlobalState.Default.WithDatabase(database)
}

const told = (diagnostic) => ({
  code: diagnostic.Code,
  start: diagnostic.Start,
  length: diagnostic.Length,
  severity: diagnostic.Severity,
  message: diagnostic.Message,
})

/** Syntax alone: errors, in the order of the text. */
export function syntax(query) {
  const code = Kusto.Language.KustoCode.Parse(query)
  return list(code.GetSyntaxDiagnostics())
    .filter((diagnostic) => diagnostic.Severity === 'Error')
    .map(told)
    .sort((a, b) => a.start - b.start)
}

/** Everything: diagnostics and the columns of the last query, null where the service infers none. */
export function analyze(query, globals) {
  const code = Kusto.Language.KustoCode.ParseAndAnalyze(query, globals)
  const diagnostics = list(code.GetDiagnostics()).map(told).sort((a, b) => a.start - b.start)
  const type = code.ResultType
  let columns = null
  let isOpen = false
  if (type && Bridge.is(type, Symbols.TableSymbol)) {
    columns = list(type.Columns).map((column) => ({ name: column.Name, type: column.Type.Name }))
    isOpen = type.IsOpen
  } else if (type && Bridge.is(type, Symbols.ScalarSymbol)) {
    columns = [{ name: null, type: type.Name }]
  }
  return { diagnostics, columns, isOpen }
}

/** What the service knows: operators, functions, aggregates, plug-ins. For the generator. */
export function known() {
  const names = (symbols) => list(symbols).map((symbol) => symbol.Name)
  return {
    functions: names(Kusto.Language.Functions.All),
    aggregates: names(Kusto.Language.Aggregates.All),
    plugins: names(Kusto.Language.PlugIns.All),
  }
}
