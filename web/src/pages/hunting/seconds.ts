/** `0.04`, `1.2`, `75`: as exact as people want to know. */
export function seconds(milliseconds: number): string {
  const value = milliseconds / 1000
  if (value < 1) return value.toFixed(2)
  return value < 10 ? value.toFixed(1) : Math.round(value).toString()
}
