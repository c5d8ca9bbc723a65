// Writes generated queries over the tables of `schema.json` that mostly bind, to compare types and names of the result's
// columns: `node typed.mjs --seed 1 --count 5000`. One in six has a wrong name or an argument of a wrong type.

import { readFileSync } from 'node:fs'

const option = (name, otherwise) => {
  const at = process.argv.indexOf(name)
  return at < 0 ? otherwise : Number(process.argv[at + 1])
}
const seed = option('--seed', 1)
const count = option('--count', 5_000)

let state = 0
function random() {
  state = (state + 0x6d2b79f5) >>> 0
  let mixed = Math.imul(state ^ (state >>> 15), state | 1)
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
}
const below = (limit) => Math.floor(random() * limit)
const pick = (items) => items[below(items.length)]
const chance = (share) => random() < share
const maybe = (share, make) => (chance(share) ? make() : '')
const many = (least, most, make) => Array.from({ length: least + below(most - least + 1) }, make)

const { tables } = JSON.parse(readFileSync(new URL('schema.json', import.meta.url), 'utf8'))
const TABLES = tables.map(({ name, columns }) => ({
  name,
  columns: new Map(columns.map((column) => column.split(':'))),
}))
const TYPES = ['string', 'long', 'int', 'real', 'bool', 'datetime', 'timespan', 'dynamic']

/** Columns in sight, by name. */
let row = new Map()
/** Scalar `let`s, by name. */
let names = new Map()
/** This query has a mistake in it somewhere. */
let isWrong = false

const written = (name) => (/^[A-Za-z_]\w*$/.test(name) ? name : `['${name}']`)
const columnsOf = (type) => [...row, ...names].filter(([, own]) => own === type).map(([name]) => written(name))
const anyColumn = () => (row.size ? written(pick([...row.keys()])) : '1')
const someColumn = (types) => {
  const fitting = [...row].filter(([, type]) => types.includes(type)).map(([name]) => written(name))
  return fitting.length ? pick(fitting) : undefined
}

const LITERALS = {
  string: () => pick(["'a'", "'device'", "''", "'x y'"]),
  long: () => pick(['1', '0', '42', '100']),
  int: () => pick(['int(1)', 'int(7)', 'int(null)']),
  real: () => pick(['1.5', '0.0', '2e3', 'real(null)']),
  bool: () => pick(['true', 'false', 'bool(null)']),
  datetime: () => pick(['datetime(2024-01-01)', 'now()', 'datetime(null)']),
  timespan: () => pick(['1d', '2h', '30m', 'time(1.02:03:04)']),
  dynamic: () => pick(["dynamic([1,2])", "dynamic({'a':1})", 'dynamic(null)', "dynamic(['x'])"]),
}

const n = (depth) => value(pick(['long', 'long', 'int', 'real']), depth)

const CALLS = {
  string: (d) =>
    pick([
      () => `tostring(${value(pick(TYPES), d)})`,
      () => `strcat(${value('string', d)}, ${value(pick(['string', 'long', 'datetime']), d)})`,
      () => `iff(${value('bool', d)}, ${value('string', d)}, ${value('string', d)})`,
      () => `tolower(${value('string', d)})`,
      () => `substring(${value('string', d)}, ${value('long', 0)})`,
      () => `case(${value('bool', d)}, ${value('string', d)}, ${value('string', d)})`,
      () => `replace_string(${value('string', d)}, 'a', 'b')`,
      () => `coalesce(${value('string', d)}, ${value('string', d)})`,
      () => `extract('a(.)', 1, ${value('string', d)})`,
      () => `trim(' ', ${value('string', d)})`,
      () => `format_datetime(${value('datetime', d)}, 'yyyy')`,
      () => `gettype(${value(pick(TYPES), d)})`,
    ])(),
  long: (d) =>
    pick([
      () => `strlen(${value('string', d)})`,
      () => `tolong(${value(pick(['string', 'dynamic', 'real']), d)})`,
      () => `array_length(${value('dynamic', d)})`,
      () => `${value('long', d)} ${pick(['+', '-', '*', '/', '%'])} ${value(pick(['long', 'int']), d)}`,
      () => `bin(${value('long', d)}, 10)`,
      () => `datetime_diff('day', ${value('datetime', d)}, ${value('datetime', d)})`,
      () => `countof(${value('string', d)}, 'a')`,
      () => `iff(${value('bool', d)}, ${value('long', d)}, ${value(pick(['long', 'int']), d)})`,
      () => `indexof(${value('string', d)}, 'a')`,
      () => `abs(${value('long', d)})`,
      () => `hash(${value('string', d)})`,
    ])(),
  int: (d) => pick([() => `toint(${value(pick(['string', 'dynamic', 'long']), d)})`, () => `getmonth(${value('datetime', d)})`, () => `dayofyear(${value('datetime', d)})`, () => `hourofday(${value('datetime', d)})`])(),
  real: (d) =>
    pick([
      () => `toreal(${value(pick(['string', 'dynamic', 'long']), d)})`,
      () => `round(${n(d)}, 2)`,
      () => `${value('real', d)} ${pick(['+', '-', '*', '/'])} ${n(d)}`,
      () => `${value('timespan', d)} / ${value('timespan', d)}`,
      () => `sqrt(${n(d)})`,
      () => `pow(${n(d)}, 2)`,
      () => `todouble(${value('dynamic', d)})`,
    ])(),
  bool: (d) =>
    pick([
      () => `${value('string', d)} ${pick(['==', '!=', '=~', 'has', 'contains', 'startswith', '!has', 'endswith', 'matches regex', 'has_cs'])} ${value('string', 0)}`,
      () => `${n(d)} ${pick(['==', '!=', '<', '<=', '>', '>='])} ${n(d)}`,
      () => `${value('datetime', d)} ${pick(['<', '>', '==', '>='])} ${value('datetime', d)}`,
      () => `${value('datetime', d)} between (${value('datetime', 0)} .. ${value(pick(['datetime', 'timespan']), 0)})`,
      () => `${n(d)} between (1 .. 10)`,
      () => `${value('string', d)} ${pick(['in', '!in', 'in~', 'has_any'])} (${many(1, 3, () => value('string', 0)).join(', ')})`,
      () => `${value('long', d)} in (1, 2, ${value('long', 0)})`,
      () => `isnotempty(${value(pick(['string', 'dynamic']), d)})`,
      () => `isnull(${value(pick(['long', 'datetime', 'dynamic', 'real']), d)})`,
      () => `(${value('bool', d)} ${pick(['and', 'or'])} ${value('bool', d)})`,
      () => `not(${value('bool', d)})`,
      () => `set_has_element(${value('dynamic', d)}, ${value('string', 0)})`,
      () => `tobool(${value(pick(['string', 'dynamic', 'long']), d)})`,
      () => `${value('dynamic', d)} == ${value(pick(['string', 'long']), 0)}`,
      () => `${value('dynamic', d)} has 'x'`,
    ])(),
  datetime: (d) =>
    pick([
      () => `ago(${value('timespan', d)})`,
      () => `${value('datetime', d)} ${pick(['+', '-'])} ${value('timespan', d)}`,
      () => `startofday(${value('datetime', d)})`,
      () => `bin(${value('datetime', d)}, 1h)`,
      () => `todatetime(${value(pick(['string', 'dynamic']), d)})`,
      () => `datetime_add('day', 1, ${value('datetime', d)})`,
    ])(),
  timespan: (d) =>
    pick([
      () => `${value('datetime', d)} - ${value('datetime', d)}`,
      () => `${value('timespan', d)} * ${n(d)}`,
      () => `totimespan(${value('string', d)})`,
      () => `${value('timespan', d)} + ${value('timespan', d)}`,
    ])(),
  dynamic: (d) =>
    pick([
      () => `parse_json(${value('string', d)})`,
      () => `${someColumn(['dynamic']) ?? "dynamic({'a':1})"}.rawData.x`,
      () => `${someColumn(['dynamic']) ?? 'dynamic([1])'}[0]`,
      () => `${someColumn(['dynamic']) ?? 'dynamic([1])'}['k']`,
      () => `split(${value('string', d)}, ',')`,
      () => `pack_array(${many(1, 3, () => value(pick(TYPES), d)).join(', ')})`,
      () => `bag_pack('a', ${value(pick(TYPES), d)})`,
      () => `array_concat(${value('dynamic', d)}, ${value('dynamic', d)})`,
      () => `array_slice(${value('dynamic', d)}, 0, 1)`,
      () => `set_union(${value('dynamic', d)}, ${value('dynamic', d)})`,
      () => `range(1, ${value('long', 0)}, 1)`,
      () => `todynamic(${value('string', d)})`,
    ])(),
}

function value(type, depth) {
  if (isWrong && chance(0.03)) return pick([() => 'NoSuchColumn', () => value(pick(TYPES), 0), () => 'nosuch(1)', () => `strlen()`])()
  if (depth <= 0 || chance(0.35)) {
    const known = columnsOf(type)
    return known.length && chance(0.8) ? pick(known) : LITERALS[type]()
  }
  return CALLS[type](depth - 1)
}

/** An aggregate, with the type that it surely has. */
function aggregate() {
  const number = () => n(1)
  return pick([
    () => ['count()', 'long'],
    () => [`dcount(${value(pick(['string', 'long']), 1)})`, 'long'],
    () => [`countif(${value('bool', 1)})`, 'long'],
    () => [`sum(${value('long', 1)})`, 'long'],
    () => [`sum(${value('real', 1)})`, 'real'],
    () => [`avg(${number()})`, 'real'],
    () => [`max(${value('datetime', 1)})`, 'datetime'],
    () => [`min(${value('string', 1)})`, 'string'],
    () => [`make_set(${value(pick(['string', 'long', 'dynamic']), 1)})`, 'dynamic'],
    () => [`make_list(${value('string', 1)}, 5)`, 'dynamic'],
    () => [`take_any(${anyColumn()})`],
    () => [`arg_max(${someColumn(['datetime', 'long', 'int', 'real', 'string']) ?? '1'}, ${chance(0.3) ? '*' : anyColumn()})`],
    () => [`percentile(${number()}, 95)`],
    () => [`percentiles(${number()}, 50, 95)`],
    () => [`stdev(${number()})`, 'real'],
    () => [`dcountif(${value('string', 1)}, ${value('bool', 1)})`, 'long'],
    () => [`make_bag(${value('dynamic', 1)})`, 'dynamic'],
    () => [`count_distinct(${value('string', 1)})`, 'long'],
    () => [`sumif(${value('long', 1)}, ${value('bool', 1)})`, 'long'],
    () => [`max(${value('long', 1)}) - min(${value('long', 1)})`, 'long'],
  ])()
}

const fresh = () => `${pick(['n', 'm', 'Total', 'k', 'v'])}${below(30)}`
const key = () =>
  pick([() => anyColumn(), () => `bin(${someColumn(['datetime']) ?? 'now()'}, 1d)`, () => `${fresh()} = ${value('string', 1)}`, () => `tostring(${value('dynamic', 1)})`])()

const OPERATORS = [
  () => `where ${value('bool', 3)}`,
  () => `where ${value('bool', 2)}`,
  () => {
    const added = many(1, 3, () => [fresh(), pick(TYPES)])
    const text = `extend ${added.map(([name, type]) => `${name} = ${value(type, 2)}`).join(', ')}${maybe(0.2, () => `, ${value(pick(TYPES), 2)}`)}`
    for (const [name, type] of added) row.set(name, type)
    return text
  },
  () => {
    const kept = [...row].filter(() => chance(0.5)).slice(0, 6)
    const added = many(0, 2, () => [fresh(), pick(TYPES)]).filter(([name]) => !row.has(name))
    const unique = new Map([...kept, ...added])
    const parts = [...unique].map(([name, type]) => (row.has(name) ? written(name) : `${name} = ${value(type, 2)}`))
    if (chance(0.3)) parts.push(value(pick(TYPES), 2))
    if (!parts.length) return 'take 1'
    row = unique
    return `project ${parts.join(', ')}`
  },
  () => {
    const aggregates = many(0, 3, () => [maybe(0.4, fresh), ...aggregate()])
    const keys = many(aggregates.length ? 0 : 1, 2, key)
    const text = `summarize ${aggregates.map(([name, call]) => (name ? `${name} = ${call}` : call)).join(', ')}${keys.length ? ` by ${keys.join(', ')}` : ''}`
    const left = new Map(keys.filter((name) => row.has(name)).map((name) => [name, row.get(name)]))
    for (const [name, , type] of aggregates) if (name && type) left.set(name, type)
    row = left
    return text
  },
  () => `take ${1 + below(9)}`,
  () => `sort by ${anyColumn()}${maybe(0.5, () => pick([' asc', ' desc', ' nulls first']))}`,
  () => `top 5 by ${anyColumn()}`,
  () => {
    const kept = new Map([...row].filter(([, type]) => type !== 'dynamic' || isWrong).filter(() => chance(0.4)))
    if (!kept.size) return 'distinct *'
    row = kept
    return `distinct ${[...kept.keys()].map(written).join(', ')}`
  },
  () => {
    const [name] = pick([...row.entries()]) ?? []
    if (!name || row.size < 2) return 'take 2'
    row.delete(name)
    return `project-away ${written(name)}`
  },
  () => {
    const [name, type] = pick([...row.entries()]) ?? []
    const renamed = fresh()
    if (!name || row.has(renamed)) return 'take 3'
    row.delete(name)
    row.set(renamed, type)
    return `project-rename ${renamed} = ${written(name)}`
  },
  () => `project-reorder ${anyColumn()}`,
  () => {
    const name = someColumn(['dynamic'])
    if (!name) return 'take 4'
    const type = pick([undefined, 'string', 'long', 'real'])
    if (type) row.set(name.replace(/\['|'\]/g, ''), type)
    return `mv-expand ${name}${type ? ` to typeof(${type})` : ''}`
  },
  () => {
    const other = pick(TABLES)
    const kind = pick(['inner', 'leftouter', 'innerunique', 'fullouter', 'leftanti', 'leftsemi', 'rightouter', ''])
    const mine = someColumn(['string'])
    const theirs = pick([...other.columns].filter(([, type]) => type === 'string'))
    if (!mine || !theirs) return 'take 5'
    const same = other.columns.get(mine) === 'string' && chance(0.6)
    const on = same ? mine : `$left.${mine} == $right.${theirs[0]}`
    if (!kind.startsWith('left') || kind === 'leftouter') {
      for (const [name, type] of other.columns) if (!row.has(name)) row.set(name, type)
    }
    if (kind === 'rightouter') row = new Map([...row])
    return `join ${kind ? `kind=${kind} ` : ''}(${other.name}${maybe(0.3, () => ' | take 5')}) on ${on}`
  },
  () => {
    const other = pick(TABLES)
    const same = [...row].find(([name, type]) => other.columns.get(name) === type && type === 'string')
    if (!same) return 'take 6'
    for (const [name, type] of other.columns) if (!row.has(name)) row.set(name, type)
    return `lookup kind=leftouter ${other.name} on ${same[0]}`
  },
  () => {
    const other = pick(TABLES)
    const left = row
    row = new Map([...row].filter(([name, type]) => (other.columns.get(name) ?? type) === type))
    for (const [name, type] of other.columns) if (!left.has(name)) row.set(name, type)
    return `union ${maybe(0.2, () => 'withsource=Src ')}${other.name}`
  },
  () => {
    const text = someColumn(['string'])
    if (!text) return 'take 7'
    const [first, second] = [fresh(), fresh()]
    if (first === second) return 'take 8'
    row.set(first, 'string')
    row.set(second, 'long')
    return `parse ${text} with * 'a=' ${first} ' b=' ${second}:long *`
  },
  () => {
    row = new Map([['Count', 'long']])
    return 'count'
  },
  () => {
    const name = fresh()
    row.set(name, 'long')
    return `serialize ${name} = row_number()`
  },
  () => {
    const time = someColumn(['datetime'])
    if (!time) return 'take 9'
    const by = someColumn(['string'])
    const text = `make-series ${maybe(0.5, () => 'Series = ')}count() default=0 on ${time} step 1d${by ? ` by ${by}` : ''}`
    row = new Map([[time.replace(/\['|'\]/g, ''), 'dynamic'], ...(by ? [[by.replace(/\['|'\]/g, ''), 'string']] : [])])
    return text
  },
  () => {
    row = new Map([['ColumnName', 'string'], ['ColumnOrdinal', 'int'], ['DataType', 'string'], ['ColumnType', 'string']])
    return 'getschema'
  },
  () => {
    const name = someColumn(['dynamic'])
    if (!name) return 'take 10'
    return `mv-apply ${name} on (take 1)`
  },
]

function source() {
  return pick([
    () => {
      const table = pick(TABLES)
      row = new Map(table.columns)
      return table.name
    },
    () => {
      const table = pick(TABLES.slice(0, 3))
      row = new Map(table.columns)
      return table.name
    },
    () => {
      row = new Map(many(1, 3, () => [fresh(), pick(TYPES)]))
      return `print ${[...row].map(([name, type]) => `${name} = ${value(type, 2)}`).join(', ')}`
    },
    () => {
      row = new Map(many(1, 3, () => [fresh(), pick(TYPES)]))
      return `datatable(${[...row].map(([name, type]) => `${name}:${type}`).join(', ')})[${[...row].map(([, type]) => (type === 'datetime' ? 'datetime(2024-01-01)' : LITERALS[type]())).join(', ')}]`
    },
    () => {
      row = new Map([['i', 'long']])
      return 'range i from 1 to 10 step 1'
    },
    () => {
      row = new Map()
      return `print ${many(1, 3, () => value(pick(TYPES), 2)).join(', ')}`
    },
  ])()
}

function query() {
  row = new Map()
  names = new Map()
  const lets = many(0, 2, () => {
    const [name, type] = [`let${below(9)}`, pick(TYPES)]
    const text = `let ${name} = ${value(type, 1)};\n`
    names.set(name, type)
    return text
  })
  const start = source()
  const operators = many(0, 5, () => `\n| ${pick(OPERATORS)()}`)
  return lets.join('') + start + operators.join('')
}

for (let index = 0; index < count; index += 1) {
  state = (seed * 1_000_003 + index) >>> 0
  isWrong = index % 6 === 5
  console.log(JSON.stringify({ id: `typed-${seed}-${index}`, query: query() }))
}
