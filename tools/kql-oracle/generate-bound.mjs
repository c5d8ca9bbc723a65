// Writes generated queries that mean something, as JSON lines {"id","query"}: over the tables of schema.json and over
// literals, with functions and operators on values of fitting types, a tenth of them of types that do not fit.
//   node generate-bound.mjs --seed 1 --count 10000
import { readFileSync } from 'node:fs'

const option = (name, otherwise) => {
  const at = process.argv.indexOf(name)
  return at < 0 ? otherwise : Number(process.argv[at + 1])
}
const seed = option('--seed', 1)
const count = option('--count', 10_000)

/** mulberry32: the same queries for the same seed, on every machine. */
function randomOf(start) {
  let state = start >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
let random = randomOf(seed)
const below = (limit) => Math.floor(random() * limit)
const pick = (items) => items[below(items.length)]
const chance = (share) => random() < share
const times = (least, most, make) => Array.from({ length: least + below(most - least + 1) }, (_, index) => make(index))

const read = (path) => readFileSync(new URL(path, import.meta.url), 'utf8')
const { tables } = JSON.parse(read('schema.json'))
const source = '../../crates/kql/src/functions/'
const runs = new Set(read(`${source}sentences.tsv`).split('\n').map((line) => line.split('\t')[0]))
const functions = { scalar: [], aggregate: [] }
const GRAPH = /^(column_ifexists|columnifexists|all|any|map|inner_nodes|labels|node_id|node_degree_.*|table|column_names_of|assert)$/
for (const line of read(`${source}signatures.tsv`).trim().split('\n')) {
  const [kind, name, , signatures] = line.split('\t')
  if (!functions[kind] || !runs.has(kind === 'scalar' ? name : `${kind} ${name}`)) continue
  if (kind === 'scalar' && GRAPH.test(name)) continue
  functions[kind].push({ name, signatures: signatures.split(' ; ').map(signature) })
}

function signature(text) {
  const [parameters] = text.split('-> ')
  return parameters.trim() ? parameters.trim().split(', ').map(parameter) : []
}
function parameter(text) {
  const [, kind, argument = '', values = '', repeat = ''] = text.match(/^[^:]+:([^!{*?]+)(?:!([A-Za-z_0-9]+))?(?:\{([^}]*)\})?(.*)$/)
  const [, least, most] = repeat.match(/\*(\d+)\.\.(\d+)/) ?? []
  return { kind, argument, values: values ? values.split('|') : [], optional: repeat === '?', least, most }
}

const TYPES = ['bool', 'int', 'long', 'real', 'decimal', 'string', 'datetime', 'timespan', 'guid', 'dynamic']
const NUMBERS = ['int', 'long', 'real', 'decimal']
const SUMMABLE = [...NUMBERS, 'datetime', 'timespan']
const literal = {
  bool: () => pick(['true', 'false']),
  int: () => pick(['int(1)', 'int(7)']),
  long: () => pick(['1', '2', '10', '42']),
  real: () => pick(['1.5', '0.25', '2e3']),
  decimal: () => 'decimal(1.5)',
  string: () => pick(['"a"', '"b c"', '"1.2.3.4"', '"[1]"']),
  datetime: () => pick(['datetime(2026-01-02)', 'now()', 'ago(1d)']),
  timespan: () => pick(['1d', '2h', '30m']),
  guid: () => 'guid(74be27de-1e4e-49d9-b579-fe0b331d3642)',
  dynamic: () => pick(['parse_json("[1,2]")', 'parse_json(\'{"a":1}\')']),
}

/** Columns in sight: name and type. */
let row = []
let fresh = 0

function typesOf(kind) {
  switch (kind) {
    case 'Integer': return ['int', 'long']
    case 'RealOrDecimal': return ['real', 'decimal']
    case 'StringOrDynamic': case 'StringOrArray': return ['string', 'dynamic']
    case 'IntegerOrArray': return ['int', 'long', 'dynamic']
    case 'DynamicArray': case 'DynamicBag': return ['dynamic']
    case 'Number': case 'CommonNumber': return NUMBERS
    case 'NumberOrBool': return [...NUMBERS, 'bool']
    case 'Summable': case 'CommonSummable': return SUMMABLE
    case 'Orderable': case 'CommonOrderable': return [...SUMMABLE, 'bool', 'string']
    case 'NotRealOrBool': return TYPES.filter((type) => type !== 'real' && type !== 'bool')
    case 'NotDynamic': return TYPES.filter((type) => type !== 'dynamic')
    case 'NotBool': return TYPES.filter((type) => type !== 'bool')
    case 'Scalar': case 'CommonScalar': case 'CommonScalarOrDynamic': case 'Any': return TYPES
    default: return kind.split('|')
  }
}

function call(kind, depth) {
  const { name, signatures } = pick(functions[kind])
  const parameters = pick(signatures)
  const common = pick(SUMMABLE)
  const argument = (p) => {
    if (p.kind === 'type') return `typeof(${pick(TYPES)})`
    if (p.argument === 'StarOnly') return '*'
    if (p.argument === 'StarAllowed' && chance(0.2)) return '*'
    if (p.values.length && chance(0.9)) return `"${pick(p.values)}"`
    const types = p.kind.startsWith('Common') ? [common] : typesOf(p.kind)
    const type = chance(0.04) ? pick(TYPES) : pick(types)
    if (['Constant', 'Literal', 'LiteralNotEmpty'].includes(p.argument)) return literal[type]()
    if (p.argument === 'Column') return column(type)
    return expression(type, depth - 1)
  }
  const parts = []
  for (let at = 0; at < parameters.length; at++) {
    const p = parameters[at]
    if (p.optional) {
      if (chance(0.5)) break
      parts.push(argument(p))
    } else if (p.least === undefined) {
      parts.push(argument(p))
    } else {
      let end = at
      while (end + 1 < parameters.length && parameters[end + 1].least !== undefined) end++
      const rounds = Math.max(Number(p.least), 1 + below(2))
      for (let round = 0; round < Math.min(rounds, Number(p.most)); round++) {
        for (let inner = at; inner <= end; inner++) parts.push(argument(parameters[inner]))
      }
      at = end
    }
  }
  return `${name}(${parts.join(', ')})`
}

function column(type) {
  const fitting = row.filter((known) => known.type === type)
  return fitting.length ? pick(fitting).name : row.length ? pick(row).name : literal[type]()
}

/** An expression that is meant to have this type. */
function expression(type, depth) {
  if (chance(0.04)) type = pick(TYPES)
  if (depth <= 0 || chance(0.35)) {
    return row.some((known) => known.type === type) && chance(0.7) ? column(type) : literal[type]()
  }
  const inner = (other) => expression(other, depth - 1)
  switch (type) {
    case 'bool':
      return pick([
        () => `${inner('long')} ${pick(['<', '>', '<=', '>=', '==', '!='])} ${inner(pick(NUMBERS))}`,
        () => `${inner('string')} ${pick(['has', 'contains', '=~', 'startswith', '!has', 'has_cs', 'endswith'])} ${inner('string')}`,
        () => `(${inner('bool')} ${pick(['and', 'or'])} ${inner('bool')})`,
        () => `not(${inner('bool')})`,
        () => `${inner('string')} ${pick(['in', 'in~', '!in', 'has_any', 'has_all'])} (${times(1, 3, () => inner('string')).join(', ')})`,
        () => `${inner('datetime')} between (${inner('datetime')} .. ${inner(pick(['datetime', 'timespan']))})`,
        () => `${inner('dynamic')} == ${inner(pick(TYPES))}`,
        () => `${inner('datetime')} ${pick(['<', '>', '=='])} ${inner('datetime')}`,
        () => `isnotempty(${inner(pick(TYPES))})`,
      ])()
    case 'int': return `toint(${inner(pick(TYPES))})`
    case 'long': return pick([() => `(${inner('long')} ${pick(['+', '-', '*', '/', '%'])} ${inner(pick(['int', 'long']))})`, () => `strlen(${inner('string')})`, () => `-${literal.long()}`])()
    case 'real': return pick([() => `(${inner('real')} ${pick(['+', '-', '*', '/'])} ${inner(pick(NUMBERS))})`, () => `(${inner('timespan')} / ${inner('timespan')})`, () => `toreal(${inner(pick(TYPES))})`])()
    case 'decimal': return `(${inner('decimal')} + ${inner(pick(['long', 'decimal', 'real']))})`
    case 'string': return pick([() => `strcat(${inner('string')}, ${inner(pick(TYPES))})`, () => `tostring(${inner(pick(TYPES))})`, () => `tolower(${inner('string')})`, () => `iff(${inner('bool')}, ${inner('string')}, ${inner(pick(['string', 'dynamic']))})`])()
    case 'datetime': return pick([() => `(${inner('datetime')} ${pick(['+', '-'])} ${inner('timespan')})`, () => `bin(${inner('datetime')}, ${inner('timespan')})`])()
    case 'timespan': return pick([() => `(${inner('datetime')} - ${inner('datetime')})`, () => `(${inner('timespan')} ${pick(['*', '/'])} ${inner('long')})`])()
    case 'guid': return literal.guid()
    default: return pick([() => `${column('dynamic')}.${pick(['a', 'rawData', 'b'])}`, () => `${column('dynamic')}[${pick(['0', '"k"'])}]`, () => `pack_array(${inner(pick(TYPES))})`, () => `bag_pack("a", ${inner(pick(TYPES))})`])()
  }
}

const anything = (depth = 2) => (chance(0.5) ? call('scalar', depth) : expression(pick(TYPES), depth))
const named = (make) => (chance(0.6) ? `c${++fresh} = ${make()}` : make())
const columnName = () => (row.length ? pick(row).name : 'x')
const aggregate = () => (chance(0.85) ? call('aggregate', 2) : `${call('aggregate', 1)} + 1`)

function source1() {
  if (chance(0.5)) {
    const name = pick(Object.keys(tables))
    row = Object.entries(tables[name]).map(([column, type]) => ({ name: column, type }))
    return name
  }
  const columns = TYPES.filter(() => chance(0.7)).map((type) => ({ name: `${type[0]}${++fresh}`, type }))
  if (!columns.length) columns.push({ name: 'x', type: 'long' })
  row = columns
  return `datatable(${columns.map(({ name, type }) => `${name}:${type}`).join(', ')})[]`
}

function operator() {
  const before = row
  const text = pick([
    () => `where ${expression('bool', 3)}`,
    () => `extend ${times(1, 3, () => named(anything)).join(', ')}`,
    () => `project ${times(1, 4, () => (chance(0.4) ? columnName() : named(anything))).join(', ')}`,
    () => `summarize ${times(1, 3, () => named(aggregate)).join(', ')} by ${times(1, 2, () => (chance(0.6) ? columnName() : named(() => expression(pick(['string', 'long', 'datetime']), 2)))).join(', ')}`,
    () => `summarize ${times(1, 3, () => named(aggregate)).join(', ')}`,
    () => `distinct ${times(1, 2, columnName).join(', ')}`,
    () => `sort by ${expression(pick(TYPES), 1)} ${pick(['asc', 'desc', ''])}`,
    () => `top 3 by ${expression(pick(TYPES), 1)}`,
    () => 'take 5',
    () => 'count',
    () => `project-away ${columnName()}`,
    () => `project-keep ${columnName()}, ${columnName()}`,
    () => `project-rename n${++fresh} = ${columnName()}`,
    () => `project-reorder ${columnName()}`,
    () => `mv-expand ${pick([() => column('dynamic'), () => `m${++fresh} = ${expression('dynamic', 2)} to typeof(${pick(TYPES)})`])()}`,
    () => `mv-apply ${column('dynamic')} on (${pick(['take 1', 'summarize k = count()', 'extend q = 1'])})`,
    () => `join kind=${pick(['inner', 'leftouter', 'leftanti', 'fullouter', 'rightsemi', 'innerunique'])} (${table2()}) on ${pick([() => columnName(), () => `$left.${columnName()} == $right.NodeId`])()}`,
    () => `lookup (${table2()}) on $left.${columnName()} == $right.NodeId`,
    () => `union ${pick(['', 'withsource=S '])}${table2()}`,
    () => `parse ${column('string')} with "a" p${++fresh}:${pick(TYPES)} "b" *`,
    () => `serialize r${++fresh} = row_number()`,
    () => `top-nested 2 of ${columnName()} by ${call('aggregate', 1)}`,
    () => `make-series ${call('aggregate', 1)} on ${column('datetime')} step 1d`,
    () => 'getschema',
    () => `sample-distinct 3 of ${columnName()}`,
    () => {
      const { name, type } = pick(row)
      return `extend x${++fresh} = column_ifexists("${name}", ${literal[type]()})`
    },
    () => `extend ${column('dynamic')}.a.b, ${column('dynamic')}[0]`,
  ])()
  row = before
  return text
}

function table2() {
  const before = row
  const name = pick(Object.keys(tables))
  row = Object.entries(tables[name]).map(([column, type]) => ({ name: column, type }))
  const text = chance(0.5) ? name : `${name} | where ${expression('bool', 2)}`
  row = before
  return text
}

function query() {
  fresh = 0
  row = []
  if (chance(0.25)) return `print ${times(1, 3, () => named(anything)).join(', ')}`
  const lets = chance(0.2) ? `let f = (x:${pick(TYPES)}) { ${pick(['x', 'x == x', 'tostring(x)'])} };\n` : ''
  const from = source1()
  const text = [from, ...times(0, 2, operator)].join('\n| ')
  return `${lets}${text}${lets ? `\n| extend f(${columnName()})` : ''}`
}

for (let id = 0; id < count; id++) {
  random = randomOf(seed * 1_000_003 + id)
  console.log(JSON.stringify({ id: `g${seed}-${id}`, query: query() }))
}
