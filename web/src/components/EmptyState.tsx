import { makeStyles, Text, tokens } from '@fluentui/react-components'
import type { ComponentType, ReactNode } from 'react'

const useStyles = makeStyles({
  root: {
    display: 'flex',
    flexDirection: 'column',
    alignItems: 'center',
    textAlign: 'center',
    rowGap: tokens.spacingVerticalS,
    padding: `${tokens.spacingVerticalXXXL} ${tokens.spacingHorizontalXXL}`,
    color: tokens.colorNeutralForeground2,
  },
  icon: { fontSize: '40px', color: tokens.colorNeutralForeground3, marginBottom: tokens.spacingVerticalXS },
  hint: { maxWidth: '56ch' },
  actions: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalS, marginTop: tokens.spacingVerticalM },
})

/** Nothing is here, why, and what to do next. */
export function EmptyState({
  icon: Icon,
  title,
  children,
  actions,
}: {
  icon?: ComponentType<{ className?: string; 'aria-hidden'?: boolean }>
  title: string
  children?: ReactNode
  actions?: ReactNode
}) {
  const styles = useStyles()
  return (
    <div className={styles.root}>
      {Icon ? <Icon className={styles.icon} aria-hidden /> : null}
      <Text as="h2" size={400} weight="semibold">
        {title}
      </Text>
      {children ? <div className={styles.hint}>{children}</div> : null}
      {actions ? <div className={styles.actions}>{actions}</div> : null}
    </div>
  )
}
