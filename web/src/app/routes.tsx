// Every address of the console. A page's code comes when it is first shown; its search parameters are
// understood here, so that links to it are checked by the compiler.

import type { QueryClient } from '@tanstack/react-query'
import {
  createRootRouteWithContext,
  createRoute,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router'

import { queries } from '@/api/queries'
import { searchOf, text } from '@/lib/search'
import { validateAssetsSearch, validateAssetSearch } from '@/pages/assets/search'
import { validateAttackPathSearch, validateAttackPathsSearch } from '@/pages/attack-paths/search'
import { validateChokePointsSearch } from '@/pages/choke-points/search'
import { validateHuntingSearch } from '@/pages/hunting/search'
import { validateOverviewSearch } from '@/pages/overview/search'
import { validateSettingsSearch } from '@/pages/settings/search'
import { validateCoverageSearch, validateSourceSearch, validateSourcesSearch } from '@/pages/sources/search'
import { validateTechniquesSearch } from '@/pages/techniques/search'
import { validateWhatIfSearch } from '@/pages/what-if/search'

import { Shell } from './Shell'

const root = createRootRouteWithContext<{ client: QueryClient }>()({ component: Outlet })

/** Only addresses of our own: anything else would lead people away after they have signed in. */
export const isOwnAddress = (to: string) => /^\/(?![/\\])/.test(to)

// Apart: inside of the route the compiler would take it for any search.
const validateSignInSearch = searchOf({ to: text })

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: validateSignInSearch,
  beforeLoad: async ({ context, search }) => {
    const session = await context.client.ensureQueryData(queries.session())
    if (session) throw redirect({ href: search.to && isOwnAddress(search.to) ? search.to : '/' })
  },
  component: lazyRouteComponent(() => import('@/pages/sign-in/SignInPage'), 'SignInPage'),
})

/** All pages but signing in. */
const app = createRoute({
  getParentRoute: () => root,
  id: 'app',
  beforeLoad: async ({ context, location }) => {
    const session = await context.client.ensureQueryData(queries.session())
    if (!session) throw redirect({ to: '/sign-in', search: { to: location.href } })
    if (session.must_change_password && location.pathname !== '/account/password') {
      throw redirect({ to: '/account/password' })
    }
  },
  component: Shell,
})

const inApp = { getParentRoute: () => app }

const routes = [
  createRoute({
    ...inApp,
    path: '/',
    validateSearch: validateOverviewSearch,
    loader: ({ context }) => void context.client.prefetchQuery(queries.overview()),
    component: lazyRouteComponent(() => import('@/pages/overview/OverviewPage'), 'OverviewPage'),
  }),
  createRoute({
    ...inApp,
    path: '/changes',
    component: lazyRouteComponent(() => import('@/pages/overview/ChangesPage'), 'ChangesPage'),
  }),
  createRoute({
    ...inApp,
    path: '/attack-paths',
    validateSearch: validateAttackPathsSearch,
    component: lazyRouteComponent(() => import('@/pages/attack-paths/AttackPathsPage'), 'AttackPathsPage'),
  }),
  createRoute({
    ...inApp,
    path: '/attack-paths/$pathId',
    validateSearch: validateAttackPathSearch,
    component: lazyRouteComponent(() => import('@/pages/attack-paths/AttackPathPage'), 'AttackPathPage'),
  }),
  createRoute({
    ...inApp,
    path: '/what-if',
    validateSearch: validateWhatIfSearch,
    component: lazyRouteComponent(() => import('@/pages/what-if/WhatIfPage'), 'WhatIfPage'),
  }),
  createRoute({
    ...inApp,
    path: '/choke-points',
    validateSearch: validateChokePointsSearch,
    component: lazyRouteComponent(() => import('@/pages/choke-points/ChokePointsPage'), 'ChokePointsPage'),
  }),
  createRoute({
    ...inApp,
    path: '/techniques',
    validateSearch: validateTechniquesSearch,
    component: lazyRouteComponent(() => import('@/pages/techniques/TechniquesPage'), 'TechniquesPage'),
  }),
  createRoute({
    ...inApp,
    path: '/techniques/$techniqueId',
    component: lazyRouteComponent(() => import('@/pages/techniques/TechniquePage'), 'TechniquePage'),
  }),
  createRoute({
    ...inApp,
    path: '/devices',
    validateSearch: validateAssetsSearch,
    component: lazyRouteComponent(() => import('@/pages/assets/AssetsPage'), 'DevicesPage'),
  }),
  createRoute({
    ...inApp,
    path: '/identities',
    validateSearch: validateAssetsSearch,
    component: lazyRouteComponent(() => import('@/pages/assets/AssetsPage'), 'IdentitiesPage'),
  }),
  createRoute({
    ...inApp,
    path: '/cloud',
    validateSearch: validateAssetsSearch,
    component: lazyRouteComponent(() => import('@/pages/assets/AssetsPage'), 'CloudPage'),
  }),
  createRoute({
    ...inApp,
    path: '/assets',
    validateSearch: validateAssetsSearch,
    component: lazyRouteComponent(() => import('@/pages/assets/AssetsPage'), 'AllAssetsPage'),
  }),
  createRoute({
    ...inApp,
    path: '/assets/$assetId',
    validateSearch: validateAssetSearch,
    component: lazyRouteComponent(() => import('@/pages/assets/AssetPage'), 'AssetPage'),
  }),
  createRoute({
    ...inApp,
    path: '/assets/$assetId/blast-radius',
    component: lazyRouteComponent(() => import('@/pages/choke-points/BlastRadiusPage'), 'BlastRadiusPage'),
  }),
  createRoute({
    ...inApp,
    path: '/hunting',
    validateSearch: validateHuntingSearch,
    component: lazyRouteComponent(() => import('@/pages/hunting/HuntingPage'), 'HuntingPage'),
  }),
  createRoute({
    ...inApp,
    path: '/sources',
    validateSearch: validateSourcesSearch,
    component: lazyRouteComponent(() => import('@/pages/sources/SourcesPage'), 'SourcesPage'),
  }),
  createRoute({
    ...inApp,
    path: '/sources/$sourceId',
    validateSearch: validateSourceSearch,
    component: lazyRouteComponent(() => import('@/pages/sources/SourcePage'), 'SourcePage'),
  }),
  createRoute({
    ...inApp,
    path: '/coverage',
    validateSearch: validateCoverageSearch,
    component: lazyRouteComponent(() => import('@/pages/sources/CoveragePage'), 'CoveragePage'),
  }),
  createRoute({
    ...inApp,
    path: '/settings',
    validateSearch: validateSettingsSearch,
    component: lazyRouteComponent(() => import('@/pages/settings/SettingsPage'), 'SettingsPage'),
  }),
  createRoute({
    ...inApp,
    path: '/account/password',
    component: lazyRouteComponent(() => import('@/pages/account/PasswordPage'), 'PasswordPage'),
  }),
] as const

export const routeTree = root.addChildren([signIn, app.addChildren(routes)])
