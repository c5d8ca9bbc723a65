// The frame around all pages: bar on top, navigation at the side or in a drawer, the page.

import { Button, makeStyles, tokens, Tooltip } from '@fluentui/react-components'
import { Link, Outlet } from '@tanstack/react-router'
import { lazy, Suspense, useState } from 'react'

import { useLiveEvents } from '@/api/live'
import { MenuIcon } from '@/components/icons'
import { useIsNarrow } from '@/lib/useMedia'

import { GenerationChip } from './GenerationChip'
import { GlobalSearch } from './GlobalSearch'
import { Logo } from './Logo'
import { Navigation } from './Navigation'
import { texts } from './texts'

const TopMenus = lazy(() => import('./TopMenus'))
const NavigationDrawer = lazy(() => import('./NavigationDrawer'))

const barHeight = '48px'
const navigationWidth = '228px'
const contentId = 'content'

const useStyles = makeStyles({
  skip: {
    position: 'fixed',
    top: 0,
    left: tokens.spacingHorizontalL,
    zIndex: 1000,
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalL}`,
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorNeutralBackground1,
    color: tokens.colorBrandForegroundLink,
    transform: 'translateY(-120%)',
    ':focus': { transform: `translateY(${tokens.spacingVerticalS})`, boxShadow: tokens.shadow16 },
  },
  bar: {
    position: 'sticky',
    top: 0,
    zIndex: 100,
    display: 'flex',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalM,
    height: barHeight,
    boxSizing: 'border-box',
    padding: `0 ${tokens.spacingHorizontalL}`,
    borderBottom: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
    backgroundColor: tokens.colorNeutralBackground1,
  },
  product: {
    display: 'flex',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalS,
    color: tokens.colorNeutralForeground1,
    fontSize: tokens.fontSizeBase400,
    fontWeight: tokens.fontWeightSemibold,
    textDecorationLine: 'none',
    borderRadius: tokens.borderRadiusMedium,
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}`, outlineOffset: '2px' },
  },
  middle: { flex: '1 1 0', minWidth: 0, display: 'flex', justifyContent: 'center' },
  tools: { display: 'flex', alignItems: 'center', columnGap: tokens.spacingHorizontalXS, flexShrink: 0 },
  // As wide as what comes a moment later, so that nothing moves.
  menus: { display: 'flex', alignItems: 'center', columnGap: tokens.spacingHorizontalXS, minWidth: '68px' },
  columns: { display: 'flex', alignItems: 'stretch' },
  side: {
    position: 'sticky',
    top: barHeight,
    alignSelf: 'flex-start',
    flexShrink: 0,
    width: navigationWidth,
    height: `calc(100vh - ${barHeight})`,
    boxSizing: 'border-box',
    overflowY: 'auto',
    borderRight: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
    backgroundColor: tokens.colorNeutralBackground1,
  },
  // Whoever skips to it must not find its top under the bar.
  main: { flex: '1 1 0', minWidth: 0, scrollMarginTop: barHeight, ':focus': { outline: 'none' } },
})

export function Shell() {
  useLiveEvents()
  const styles = useStyles()
  const isNarrow = useIsNarrow()
  const [isOpen, setIsOpen] = useState(false)
  return (
    <>
      <a href={`#${contentId}`} className={styles.skip} onClick={skipToContent}>
        {texts.skip}
      </a>
      <header className={styles.bar}>
        {isNarrow ? (
          <Tooltip content={texts.openNavigation} relationship="label">
            <Button appearance="subtle" icon={<MenuIcon />} aria-expanded={isOpen} onClick={() => setIsOpen(true)} />
          </Tooltip>
        ) : null}
        <Link to="/" className={styles.product} aria-label={texts.product}>
          <Logo size={24} />
          {isNarrow ? null : texts.product}
        </Link>
        <div className={styles.middle}>
          <GlobalSearch />
        </div>
        <div className={styles.tools}>
          <GenerationChip isShort={isNarrow} />
          <div className={styles.menus}>
            <Suspense>
              <TopMenus />
            </Suspense>
          </div>
        </div>
      </header>
      <div className={styles.columns}>
        {isNarrow ? (
          <Suspense>
            <NavigationDrawer isOpen={isOpen} onClose={() => setIsOpen(false)} />
          </Suspense>
        ) : (
          <div className={styles.side}>
            <Navigation />
          </div>
        )}
        <main id={contentId} tabIndex={-1} className={styles.main}>
          <Outlet />
        </main>
      </div>
    </>
  )
}

/** The address stays as it is: it is the state of the page. */
function skipToContent(event: React.MouseEvent) {
  event.preventDefault()
  document.getElementById(contentId)?.focus()
}
