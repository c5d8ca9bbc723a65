import { makeStyles, tokens } from '@fluentui/react-components'

const useStyles = makeStyles({
  wall: { fill: tokens.colorBrandBackground },
  gate: { fill: tokens.colorNeutralForegroundOnBrand },
  door: { fill: tokens.colorBrandBackground2Hover },
})

/** The small gate at the back. */
export function Logo({ size }: { size: number }) {
  const styles = useStyles()
  return (
    <svg viewBox="0 0 32 32" width={size} height={size} aria-hidden>
      <rect width="32" height="32" rx="7" className={styles.wall} />
      <path d="M8 26V14a8 8 0 0 1 16 0v12h-4V14a4 4 0 0 0-8 0v12z" className={styles.gate} />
      <path d="M14.5 26v-9h3v9z" className={styles.door} />
    </svg>
  )
}
