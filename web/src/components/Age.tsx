import { useNow } from '@/lib/useNow'
import { date, fullTime, relative } from '@/lib/format'

import { texts } from './texts'

/** `3 hours ago`, with the time itself in the title. */
export function Age({ at }: { at: string | null | undefined }) {
  const now = useNow()
  if (!at) return <span>{texts.unknown}</span>
  return (
    <time dateTime={at} title={fullTime(at)}>
      {relative(at, now)}
    </time>
  )
}

/** The time itself; with `isDay` without the hour, which then stands in the title. */
export function Time({ at, isDay }: { at: string | null | undefined; isDay?: boolean }) {
  if (!at) return <span>{texts.unknown}</span>
  return (
    <time dateTime={at} title={fullTime(at)}>
      {isDay ? date(at) : fullTime(at)}
    </time>
  )
}
