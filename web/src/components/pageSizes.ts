/** Rows per page that people may choose from; the greatest is the most that the server gives. */
export const pageSizes = [50, 100, 200, 500] as const

/** Whether there is more than the shortest page holds. */
export function needsPager({ total, limit = pageSizes[0] }: { total?: number; limit?: number }) {
  return total !== undefined && total > Math.min(limit, pageSizes[0])
}
