import { useSyncExternalStore } from 'react'

/** At and below this width the navigation is a drawer and tables show fewer columns. */
export const narrowMax = 860

export const narrow = `@media (max-width: ${narrowMax}px)`

export function useMedia(query: string) {
  return useSyncExternalStore(
    (onChange) => {
      const list = window.matchMedia(query)
      list.addEventListener('change', onChange)
      return () => list.removeEventListener('change', onChange)
    },
    () => window.matchMedia(query).matches,
  )
}

export const useIsNarrow = () => useMedia(`(max-width: ${narrowMax}px)`)
