// Numbers, sizes and times as people read them. No clock is read here: `now` is given.

const numbers = new Intl.NumberFormat('en-US')
const absolute = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' })
const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium' })

export const number = (value: number) => numbers.format(value)

/** `1 path`, `2,000 paths`. */
export function counted(count: number, one: string, many = `${one}s`) {
  return `${number(count)} ${count === 1 ? one : many}`
}

const sizeUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

export function size(bytes: number) {
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < sizeUnits.length - 1) {
    value /= 1024
    unit += 1
  }
  const digits = unit > 0 && value < 10 ? 1 : 0
  return `${value.toFixed(digits)} ${sizeUnits[unit]}`
}

/** Local time in full, as in titles of relative times. */
export const fullTime = (at: string) => absolute.format(new Date(at))

export const date = (at: string) => day.format(new Date(at))

const steps = [
  { unit: 'minute', seconds: 60 },
  { unit: 'hour', seconds: 3600 },
  { unit: 'day', seconds: 86_400 },
  { unit: 'week', seconds: 7 * 86_400 },
  { unit: 'month', seconds: 30.44 * 86_400 },
  { unit: 'year', seconds: 365.25 * 86_400 },
] as const

/** `3 hours`, in the largest unit of which there is more than one; seconds only below a minute. */
export function duration(seconds: number) {
  const length = Math.abs(seconds)
  if (length < 60) return counted(Math.round(length), 'second')
  const step = steps.findLast((it, index) => index === 0 || length >= 2 * it.seconds) ?? steps[0]
  return counted(Math.floor(length / step.seconds), step.unit)
}

/** `3 hours ago`, `in 2 days`, `just now`. */
export function relative(at: string, now: number) {
  const seconds = (now - Date.parse(at)) / 1000
  if (Math.abs(seconds) < 45) return 'just now'
  return seconds > 0 ? `${duration(seconds)} ago` : `in ${duration(seconds)}`
}

/** `very high` as a title: `Very high`. */
export const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

/** The last part of a path of any system. */
export const fileName = (path: string) => path.split(/[/\\]/).findLast((it) => it !== '') ?? path

/** As `fileName`; of a file in an archive, `loot.zip › users.json`. */
export const shortFile = (path: string) => path.split('!').map(fileName).join(' › ')
