// Writes generated queries as JSON lines {"id","query"}: half as the grammar allows (a quarter of those with keywords in
// the places of names), half with a token deleted, doubled, swapped, replaced or inserted.
//
//   node generate.mjs --seed 1 --count 10000
//   node generate.mjs --seed 7 --count 400 --plain     the valid half, as text with blank lines between the queries

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
/** Whether this query has keywords and odd strings where names and strings stand. */
let isOdd = false
const below = (limit) => Math.floor(random() * limit)
const pick = (items) => items[below(items.length)]
const chance = (share) => random() < share
const maybe = (share, make) => (chance(share) ? make() : '')
const many = (least, most, make, between = ', ') =>
  Array.from({ length: least + below(most - least + 1) }, () => make()).join(between)

const TABLES = ['ExposureGraphNodes', 'ExposureGraphEdges', 'Findings', 'DeviceInfo', 'T', 'U']
const COLUMNS = ['NodeId', 'NodeName', 'NodeLabel', 'NodeProperties', 'EdgeLabel', 'Severity', 'CvssScore', 'IsKev', 'FirstSeen', 'Cost', 'a', 'b', 'x']
const KEYWORDS = ['count', 'id', 'by', 'kind', 'step', 'take', 'type', 'first', 'last', 'where', 'on', 'of', 'to', 'with', 'has', 'in', 'and', 'or', 'asc', 'time', 'string', 'title', 'limit', 'range', 'bin', 'project', 'union', 'print', 'null', 'dynamic', 'contains', 'nodes', 'edges', 'default', 'output', 'table', 'withsource', 'materialize', 'toscalar', 'between', 'pack', 'view', 'datatable', 'graph', 'typeof', 'guid', 'date', 'sort', 'evaluate', 'render', 'true', 'alias', 'pattern', 'set', 'let', 'mv-expand', 'top-nested', 'series', 'regex', 'simple', 'flags', 'hint', 'missing', 'cluster', 'database']
const FUNCTIONS = ['tostring', 'toint', 'isnotempty', 'strcat', 'iff', 'case', 'ago', 'now', 'not', 'array_length', 'parse_json', 'split', 'bin', 'coalesce', 'pack', 'range', 'set_has_element', 'f']
const AGGREGATES = ['count', 'dcount', 'sum', 'max', 'make_set', 'arg_max', 'countif', 'percentile', 'take_any', 'avg']
const TYPES = ['string', 'long', 'int', 'real', 'datetime', 'timespan', 'bool', 'dynamic', 'guid', 'decimal', 'double', 'boolean', 'date', 'time']

const name = () => (isOdd && chance(0.15) ? pick(KEYWORDS) : chance(0.04) ? `['${pick(['a b', 'x', 'kind'])}']` : pick(COLUMNS))
const newName = () => (isOdd && chance(0.15) ? pick(KEYWORDS) : chance(0.05) ? '["n m"]' : pick(['n', 'm', 'Total', 'k1', 'v_2', '_p', '$q', '4x']))
const table = () => (isOdd && chance(0.1) ? pick(KEYWORDS) : pick(TABLES))

const text = () => pick(["'a'", '"b"', "@'c:\\d'", '@"e""f"', "'g\\n'", "h'secret'", '```m\nn```', '~~~t~~~', "''", "'\\u00e9\\x41'", "'x' \"y\"", ...(isOdd ? ["'it''s'", "'\\q'"] : [])])
const number = () => pick(['0', '1', '42', '1.5', '2.', '1e3', '1.5e-3', '0x1F', '10', '100000'])
const span = () => pick(['1d', '2h', '30m', '10s', '5ms', '1.5d', '1tick', '3days', '2hours', '1microsecond', '7nanos', '1min'])
const typed = () =>
  pick(['datetime(2024-01-01)', 'datetime(2024-01-01T10:00:00Z)', 'datetime(null)', 'date(2020-1-1)', 'time(1.02:03:04)', 'timespan(2d)', 'long(null)', 'int(5)', 'int(null)', 'real(nan)', 'real(+inf)', 'double(1)', 'decimal(1.5)', 'bool(true)', 'guid(74be27de-1e4e-49d9-b579-fe0b331d3642)', 'long (1)', 'datetime (1)'])
const json = (depth) =>
  depth <= 0
    ? pick([number(), text(), 'null', 'true', '-1', '2.5', 'datetime(2020-01-01)', '1d', 'dynamic(1)'])
    : chance(0.5)
      ? `[${many(0, 3, () => json(depth - 1))}]`
      : `{${many(0, 3, () => `${pick(["'k'", '"l"', "'m'"])}: ${json(depth - 1)}`)}}`
const literal = () =>
  pick([number, number, text, text, span, typed, () => pick(['true', 'false', 'True', 'FALSE']), () => `dynamic(${json(below(3))})`, () => `-${number()}`, () => `+${span()}`, () => `typeof(${pick(TYPES)})`])()

const STRING_OPERATORS = ['has', '!has', 'has_cs', 'contains', '!contains', 'contains_cs', 'startswith', '!startswith', 'endswith', 'endswith_cs', '=~', '!~', 'matches regex', 'hasprefix', 'hassuffix', '!hasprefix_cs', 'like', 'notlike', 'notcontains', 'containscs', ':']
const LIST_OPERATORS = ['in', '!in', 'in~', '!in~', 'has_any', 'has_all']

function primary(depth) {
  if (depth <= 0) return chance(0.6) ? name() : literal()
  return pick([
    name,
    name,
    literal,
    () => `${pick(FUNCTIONS)}(${many(0, 3, () => argument(depth - 1))})`,
    () => `(${expression(depth - 1)})`,
    () => `${name()}.${name()}`,
    () => `${name()}[${expression(depth - 2)}]`,
    () => `${name()}.${name()}[${pick(['0', '-1', "'k'"])}].${name()}`,
    () => `${name()}.['k']`,
    () => `['a b'].${name()}`,
    () => `toscalar(${pipeline(1)})`,
    () => `-${name()}`,
    () => `count(${maybe(0.2, name)})`,
  ])()
}
const argument = (depth) => (chance(0.06) ? '*' : chance(0.06) ? `${newName()} = ${expression(depth)}` : expression(depth))

function expression(depth) {
  if (depth <= 0) return primary(0)
  return pick([
    () => primary(depth),
    () => primary(depth),
    () => `${primary(depth - 1)} ${pick(['==', '!=', '<', '<=', '>', '>=', '<>'])} ${primary(depth - 1)}`,
    () => `${primary(depth - 1)} ${pick(STRING_OPERATORS)} ${primary(depth - 1)}`,
    () => `${primary(depth - 1)} ${pick(LIST_OPERATORS)} (${many(1, 3, () => expression(depth - 2))})`,
    () => `${primary(depth - 1)} ${pick(LIST_OPERATORS)} (${chance(0.5) ? pipeline(1) : table()})`,
    () => `${primary(depth - 1)} ${pick(['between', '!between'])} (${expression(depth - 2)} .. ${expression(depth - 2)})`,
    () => `${expression(depth - 1)} ${pick(['and', 'or'])} ${expression(depth - 1)}`,
    () => `${expression(depth - 1)} ${pick(['+', '-', '*', '/', '%'])} ${expression(depth - 1)}`,
    () => `not(${expression(depth - 1)})`,
    () => `* ${pick(['has', '==', 'contains'])} ${text()}`,
  ])()
}

const named = (depth = 2) =>
  chance(0.4) ? `${newName()} = ${expression(depth)}` : chance(0.04) ? `(${many(1, 2, newName)}) = ${expression(depth)}` : expression(depth)
const aggregate = () => `${maybe(0.4, () => `${newName()} = `)}${pick(AGGREGATES)}(${many(0, 2, () => argument(1))})`
const ordered = () => `${named(1)}${maybe(0.5, () => ` ${pick(['asc', 'desc'])}`)}${maybe(0.2, () => ` nulls ${pick(['first', 'last'])}`)}`
const column = () => `${newName()}:${pick(TYPES)}`
const wildcard = () => pick([name(), `${pick(COLUMNS)}*`, '*', '*x*', name()])
const hint = () => pick(['hint.strategy=shuffle ', 'hint.shufflekey=a ', 'hint.remote=local ', 'hint.num_partitions=4 '])
const body = (depth) => `(${many(1, 2, () => operator(depth), ' | ')})`
const node = () => `(${maybe(0.85, () => pick(['n', 'm', 'p', 'q', name()]))})`
const edge = () =>
  pick(['-->', '<--', '--', '-[e]->', '<-[f]-', '-[g]-', '-[e*1..3]->', '-[]->', '-[*1..5]-', '<-[h*0..2]-'])
const pattern = () => Array.from({ length: 1 + below(3) }, () => `${node()}${edge()}`).join('') + node()

const OPERATORS = {
  where: (d) => `where ${expression(3)}`,
  filter: () => `filter ${expression(2)}`,
  project: () => `project ${many(0, 4, named)}`,
  extend: () => `extend ${many(1, 3, named)}`,
  summarize: () =>
    `summarize ${maybe(0.1, hint)}${many(0, 3, aggregate)}${maybe(0.6, () => ` by ${many(1, 3, () => named(1))}`)}${maybe(0.03, () => ' bin=1d')}`,
  sort: () => `${pick(['sort', 'order'])} by ${many(1, 3, ordered)}`,
  take: () => `${pick(['take', 'limit'])} ${expression(1)}`,
  top: () => `top ${expression(1)} by ${ordered()}`,
  count: () => `count${maybe(0.2, () => ` as ${newName()}`)}`,
  distinct: () => `distinct ${chance(0.3) ? '*' : many(1, 3, named)}`,
  join: (d) =>
    `join ${maybe(0.6, () => `kind=${pick(['inner', 'leftouter', 'leftanti', 'innerunique', 'rightsemi', 'fullouter'])} `)}${maybe(0.1, hint)}${chance(0.5) ? `(${pipeline(d)})` : table()}${maybe(0.95, () => ` on ${many(1, 2, () => pick([name(), '$left.a == $right.b', '$left.a==$right.b']))}`)}`,
  lookup: (d) => `lookup ${maybe(0.4, () => `kind=${pick(['inner', 'leftouter'])} `)}(${pipeline(d)}) on ${many(1, 2, name)}`,
  union: (d) =>
    `union ${maybe(0.3, () => `${pick(['kind=inner', 'withsource=S', 'isfuzzy=true', 'kind=outer'])} `)}${many(1, 3, () => pick([table(), `(${pipeline(d)})`, 'Device*', table()]))}`,
  expand: () =>
    `${pick(['mv-expand', 'mvexpand'])} ${maybe(0.2, () => `${pick(['kind=array', 'bagexpansion=bag', 'with_itemindex=i'])} `)}${many(1, 2, () => `${named(1)}${maybe(0.3, () => ` to typeof(${pick(TYPES)})`)}`)}${maybe(0.2, () => ` limit ${number()}`)}`,
  apply: (d) =>
    `mv-apply ${maybe(0.1, () => 'with_itemindex=i ')}${many(1, 2, () => `${named(1)}${maybe(0.2, () => ` to typeof(${pick(TYPES)})`)}`)}${maybe(0.1, () => ' limit 5')} on ${body(d)}`,
  parse: () =>
    `${pick(['parse', 'parse-where'])} ${maybe(0.3, () => pick(['kind=simple ', 'kind=relaxed ', 'kind=regex ', 'kind=regex flags=Ui ']))}${primary(1)} with ${many(1, 5, () => pick(['*', text(), newName(), column()]), ' ')}`,
  kv: () =>
    `parse-kv ${primary(1)} as (${many(1, 3, column)})${maybe(0.6, () => ` with (${many(1, 3, () => pick(["pair_delimiter=' '", "kv_delimiter='='", 'greedy=true', "quote='\"'", "regex='x'"]))})`)}`,
  away: () => `${pick(['project-away', 'project-keep'])} ${many(0, 3, wildcard)}`,
  rename: () => `project-rename ${many(0, 2, () => `${newName()} = ${name()}`)}`,
  reorder: () => `project-reorder ${many(0, 3, () => `${wildcard()}${maybe(0.3, () => ` ${pick(['asc', 'desc', 'granny-asc', 'granny-desc'])}`)}`)}`,
  evaluate: () =>
    `evaluate ${maybe(0.1, () => 'hint.distribution=single ')}${pick(['bag_unpack', 'pivot', 'narrow', 'f'])}(${many(0, 2, () => argument(1))})${maybe(0.3, () => ` : (${maybe(0.5, () => '*, ')}${many(1, 2, column)})`)}`,
  render: () =>
    `render ${pick(['timechart', 'table', 'barchart', 'card', 'foo', 'graph'])}${maybe(0.4, () => ` with (${many(0, 3, () => pick(["title='x'", 'xcolumn=a', 'ycolumns=a, b', 'kind=stacked', 'ymin=0', 'legend=hidden', 'xaxis=log', 'series=a', 'accumulate=true']))})`)}${maybe(0.1, () => " title='t'")}`,
  as: () => `as ${maybe(0.1, () => 'hint.materialized=true ')}${newName()}`,
  series: () =>
    `make-series ${maybe(0.1, () => 'kind=nonempty ')}${many(1, 2, () => `${aggregate()}${maybe(0.3, () => ' default=0')}`)} on ${expression(1)} ${pick([() => `from ${expression(1)} to ${expression(1)} step ${span()}`, () => `step ${span()}`, () => `to now() step 1h`, () => `in range(${many(3, 3, () => expression(1))})`])()}${maybe(0.4, () => ` by ${many(1, 2, () => named(1))}`)}`,
  serialize: () => `serialize ${many(0, 2, named)}`,
  invoke: () => `invoke ${pick(FUNCTIONS)}(${many(0, 2, () => argument(1))})`,
  sample: () => pick([`sample ${expression(1)}`, `sample-distinct ${number()} of ${expression(1)}`]),
  reduce: () => `reduce by ${named(1)}${maybe(0.4, () => ` with ${many(1, 2, () => pick(['threshold=0.2', "characters='-'"]))}`)}`,
  hitters: () => `top-hitters ${number()} of ${named(1)}${maybe(0.4, () => ` by ${named(1)}`)}`,
  nested: () =>
    many(1, 2, () => `top-nested ${maybe(0.8, number)} of ${named(1)}${maybe(0.2, () => ` with others=${literal()}`)} by ${aggregate()}${maybe(0.3, () => ' desc')}`),
  partition: (d) =>
    `partition ${maybe(0.2, () => pick(['hint.strategy=native ', 'hint.concurrency=2 ']))}by ${name()} ${chance(0.7) ? body(d) : `{ ${pipeline(d)} }`}`,
  fork: (d) => `fork ${many(1, 3, () => `${maybe(0.4, () => `${newName()}=`)}${body(d)}`, ' ')}`,
  facet: (d) => `facet by ${many(1, 2, name)}${maybe(0.4, () => ` with ${chance(0.7) ? body(d) : operator(0)}`)}`,
  scan: () =>
    `scan ${maybe(0.2, () => 'with_match_id=id1 ')}${maybe(0.2, () => `order by ${ordered()} `)}${maybe(0.2, () => `partition by ${expression(1)} `)}${maybe(0.4, () => `declare (${many(1, 2, () => `${column()}${maybe(0.5, () => ` = ${literal()}`)}`)}) `)}with (${many(1, 3, () => `step ${newName()}${maybe(0.2, () => ' optional')}${maybe(0.2, () => ` output=${pick(['all', 'last', 'none'])}`)}: ${expression(2)}${maybe(0.5, () => ` => ${many(1, 2, () => `${newName()} = ${expression(1)}`)}`)};`, ' ')})`,
  schema: () => pick(['getschema', 'consume', 'getschema kind=csl', `assert-schema (${many(1, 2, column)})`]),
  byNames: () => `project-by-names ${many(0, 2, () => expression(1))}`,
  find: () => `find ${maybe(0.5, () => `in (${many(1, 2, table)}) `)}where ${expression(2)}${maybe(0.4, () => ` project ${many(1, 2, () => pick([name(), column(), 'pack(*)']))}`)}`,
  search: () => `search ${maybe(0.3, () => `in (${many(1, 2, table)}) `)}${pick([text(), '*', expression(2), `* and ${expression(1)}`])}`,
  graph: (d) =>
    `make-graph ${name()} --> ${name()} ${pick([() => `with ${many(1, 2, () => `${pick([table(), `(${pipeline(1)})`])} on ${name()}`)}`, () => `with_node_id=${newName()}`])()}${maybe(0.1, () => ` partitioned-by ${name()} ${body(d)}`)} | ${pick([
      () =>
        `${pick(['graph-match', 'graph-match cycles=none', 'graph-shortest-paths', 'graph-shortest-paths output=all', 'graph-match cycles=all'])} ${many(1, 2, pattern)}${maybe(0.6, () => ` where ${expression(2)}`)}${maybe(0.8, () => ` project ${many(1, 3, named)}`)}`,
      () => `graph-to-table ${many(1, 2, () => pick(['nodes', 'nodes as N', 'edges as E', 'edges', 'nodes as N with_node_id=i', 'edges with_source_id=s with_target_id=t']))}`,
      () => `graph-mark-components ${maybe(0.5, () => 'kind=weak ')}${maybe(0.5, () => 'with_component_id=c')}`,
      () => `${pick(['graph-where-nodes', 'graph-where-edges'])} ${expression(2)}`,
    ])()}`,
}
const NAMES = Object.keys(OPERATORS)
const COMMON = ['where', 'where', 'project', 'extend', 'summarize', 'summarize', 'sort', 'take', 'join', 'distinct', 'expand']

function operator(depth) {
  const chosen = chance(0.5) ? pick(COMMON) : pick(NAMES)
  return OPERATORS[chosen](depth - 1)
}

function source(depth) {
  return pick([
    table,
    table,
    table,
    table,
    () => `print ${many(1, 3, named)}`,
    () => `range ${newName()} from ${expression(1)} to ${expression(1)} step ${expression(1)}`,
    () => `datatable(${many(1, 3, column)})[${many(0, 5, literal)}${maybe(0.1, () => ',')}]`,
    () => (depth > 0 ? `union ${many(1, 2, () => `(${pipeline(depth - 1)})`)}` : table()),
    () => (depth > 0 ? `(${pipeline(depth - 1)})` : table()),
    () => OPERATORS.search(),
    () => OPERATORS.find(),
    () => `externaldata(${many(1, 2, column)})[${text()}]${maybe(0.4, () => " with (format='csv', ignoreFirstRecord=true)")}`,
    () => `${pick(FUNCTIONS)}(${many(0, 2, () => argument(1))})`,
    () => OPERATORS.evaluate(),
    () => `database('d').${table()}`,
  ])()
}

function pipeline(depth) {
  const operators = Array.from({ length: below(4) }, () => `${pick([' ', '\n'])}| ${operator(Math.max(depth, 0))}`)
  return source(depth) + operators.join('')
}

function statement() {
  return pick([
    () => `let ${newName()} = ${expression(2)}`,
    () => `let ${newName()} = ${pipeline(1)}`,
    () => `let ${newName()} = materialize(${pipeline(1)})`,
    () => `let ${newName()} = ${maybe(0.1, () => 'view ')}(${many(0, 2, () => `${newName()}:${pick([...TYPES, '(*)', '(a:string, b:long)'])}${maybe(0.2, () => ` = ${literal()}`)}`)}) { ${maybe(0.3, () => `let y = ${expression(1)}; `)}${chance(0.5) ? pipeline(1) : expression(2)}${maybe(0.2, () => ';')} }`,
    () => `set ${newName()}${maybe(0.5, () => ` = ${literal()}`)}`,
    () => `declare query_parameters(${many(1, 2, () => `${column()}${maybe(0.5, () => ` = ${literal()}`)}`)})`,
  ])()
}

const script = () => `${maybe(0.1, () => '// a comment\n')}${maybe(0.3, () => `${many(1, 2, statement, ';\n')};\n`)}${pipeline(2)}${maybe(0.1, () => ';')}`

/** Words, numbers, strings and signs, to damage a query at the borders of its tokens. */
const TOKENS = /```[\s\S]*?```|~~~[\s\S]*?~~~|@?'[^']*'|@?"[^"]*"|[\w$]+(?:-[a-z]+)*|\s+|[^\w\s]/g

function damaged(query) {
  const tokens = query.match(TOKENS) ?? []
  const at = below(tokens.length)
  const other = () => pick([() => pick(tokens), () => pick(KEYWORDS), () => pick(['|', ',', ';', '(', ')', '[', ']', '{', '}', '=', '==', '.', '..', '-', '*', "'", '@', '#', '!', '?', '=>']), literal])()
  pick([
    () => tokens.splice(at, 1),
    () => tokens.splice(at, 0, tokens[at]),
    () => tokens.splice(at, 1, other()),
    () => tokens.splice(at, 0, ' ', other(), ' '),
    () => ([tokens[at], tokens[0]] = [tokens[0], tokens[at]]),
    () => tokens.splice(at),
  ])()
  return tokens.join('')
}

const isPlain = process.argv.includes('--plain')
for (let index = 0; index < count; index += 1) {
  random = randomOf(seed * 1_000_003 + index)
  isOdd = !isPlain && chance(0.25)
  const query = script()
  if (isPlain) {
    console.log(`${query}\n`)
    continue
  }
  console.log(JSON.stringify({ id: `${seed}-${index}`, query: index % 2 ? damaged(query) : query }))
}
