import { makeStyles, Spinner, Text, tokens } from '@fluentui/react-components'
import { useRouterState } from '@tanstack/react-router'
import { useEffect, useRef, type ReactNode } from 'react'

import { announce } from '@/app/announcer'
import { narrow } from '@/lib/useMedia'

import { AppLink } from './AppLink'
import { texts } from './texts'

const useStyles = makeStyles({
  page: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalL,
    width: '100%',
    maxWidth: '1600px',
    boxSizing: 'border-box',
    margin: '0 auto',
    padding: `${tokens.spacingVerticalXL} ${tokens.spacingHorizontalXXL} ${tokens.spacingVerticalXXXL}`,
    [narrow]: { padding: `${tokens.spacingVerticalL} ${tokens.spacingHorizontalL} ${tokens.spacingVerticalXXL}` },
  },
  head: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'flex-start',
    justifyContent: 'space-between',
    gap: tokens.spacingHorizontalM,
  },
  words: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalXXS, minWidth: 0, flexShrink: 1 },
  title: {
    margin: 0,
    fontSize: tokens.fontSizeBase600,
    lineHeight: tokens.lineHeightBase600,
    fontWeight: tokens.fontWeightSemibold,
    overflowWrap: 'anywhere',
    ':focus': { outline: 'none' },
  },
  description: { color: tokens.colorNeutralForeground2, maxWidth: '80ch' },
  actions: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalS },
  crumbs: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    listStyleType: 'none',
    margin: 0,
    padding: 0,
    fontSize: tokens.fontSizeBase200,
    lineHeight: tokens.lineHeightBase200,
    '> li:not(:last-child)::after': {
      content: '"/"',
      padding: `0 ${tokens.spacingHorizontalXS}`,
      color: tokens.colorNeutralForeground3,
    },
  },
})

export interface Crumb {
  title: string
  to: string
}

/** Pages whose heading had the focus already: changes of filters must not move it. */
let focusedPath: string | undefined

/**
 * A page: breadcrumbs, its one `h1`, one sentence, actions, content. Coming here from another page moves the
 * focus to the heading, so that keyboard and screen reader start at the top.
 */
export function Page({
  title,
  description,
  crumbs,
  actions,
  badges,
  children,
}: {
  title: string
  description?: ReactNode
  crumbs?: readonly Crumb[]
  actions?: ReactNode
  badges?: ReactNode
  children: ReactNode
}) {
  const styles = useStyles()
  const heading = useRef<HTMLHeadingElement>(null)
  // Where the router has arrived: while the next page is on its way, this one is still shown.
  const path = useRouterState({ select: (it) => (it.resolvedLocation ?? it.location).pathname })
  useEffect(() => {
    document.title = `${title} · Postern`
    announce(title)
  }, [title])
  useEffect(() => {
    // The first page of a visit leaves the focus where the browser puts it: before the skip link.
    if (focusedPath !== undefined && focusedPath !== path) heading.current?.focus({ preventScroll: true })
    focusedPath = path
  }, [path])
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <div className={styles.words}>
          {crumbs && crumbs.length > 0 ? (
            <nav aria-label={texts.breadcrumbs}>
              <ol className={styles.crumbs}>
                {crumbs.map((it) => (
                  <li key={it.to}>
                    <AppLink to={it.to}>{it.title}</AppLink>
                  </li>
                ))}
              </ol>
            </nav>
          ) : null}
          <h1 ref={heading} tabIndex={-1} className={styles.title}>
            {title}
          </h1>
          {badges}
          {description ? <Text className={styles.description}>{description}</Text> : null}
        </div>
        {actions ? <div className={styles.actions}>{actions}</div> : null}
      </header>
      {children}
    </div>
  )
}

const useSectionStyles = makeStyles({
  section: {
    display: 'flex',
    flexDirection: 'column',
    minWidth: 0,
    border: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusLarge,
    backgroundColor: tokens.colorNeutralBackground1,
  },
  head: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    justifyContent: 'space-between',
    gap: tokens.spacingHorizontalM,
    padding: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalL} 0`,
  },
  title: {
    margin: 0,
    fontSize: tokens.fontSizeBase400,
    lineHeight: tokens.lineHeightBase400,
    fontWeight: tokens.fontWeightSemibold,
  },
  description: {
    color: tokens.colorNeutralForeground2,
    padding: `${tokens.spacingVerticalXXS} ${tokens.spacingHorizontalL} 0`,
  },
  body: { padding: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalL} ${tokens.spacingVerticalL}`, minWidth: 0 },
  flush: { padding: 0, paddingTop: tokens.spacingVerticalS },
})

/** A card with a heading. `isFlush` lets a table reach the edges; `isTitleHidden` is for the only card of a page. */
export function Section({
  title,
  description,
  actions,
  isFlush,
  isTitleHidden,
  children,
}: {
  title: string
  description?: ReactNode
  actions?: ReactNode
  isFlush?: boolean
  isTitleHidden?: boolean
  children: ReactNode
}) {
  const styles = useSectionStyles()
  return (
    <section className={styles.section} aria-label={title}>
      {isTitleHidden ? null : (
        <div className={styles.head}>
          <h2 className={styles.title}>{title}</h2>
          {actions}
        </div>
      )}
      {description ? <div className={styles.description}>{description}</div> : null}
      <div className={isFlush ? styles.flush : styles.body}>{children}</div>
    </section>
  )
}

const useLoadingStyles = makeStyles({ root: { padding: tokens.spacingVerticalXXXL } })

export function PageLoading({ what }: { what: string }) {
  const styles = useLoadingStyles()
  return <Spinner className={styles.root} label={texts.loading(what)} delay={200} />
}
