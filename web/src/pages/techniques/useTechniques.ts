import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'

import { queries } from '@/api/queries'

/** The catalog by id; empty until it is there, so that pages show ids for a moment and never wait for it. */
export function useTechniques() {
  const { data } = useQuery(queries.techniques())
  return useMemo(() => new Map((data?.items ?? []).map((it) => [it.id, it])), [data])
}
