import { FluentProvider, makeStyles, tokens } from '@fluentui/react-components'
import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useState } from 'react'

import { isProblem, ProblemError } from '@/api/problem'
import { queries } from '@/api/queries'
import { onToast } from '@/components/toasts'

import { announcerId } from './announcer'
import { makeRouter } from './router'
import { useTheme } from './theme'

const Toasts = lazy(() => import('./Toasts'))

/** What the server refused will be refused again; what did not arrive may arrive the next time. */
const retriesMax = 2

const client = new QueryClient({
  queryCache: new QueryCache({ onError: leaveWhenSignedOut }),
  defaultOptions: {
    queries: {
      // Events say when something has changed; see api/live.ts.
      staleTime: 60_000,
      refetchOnWindowFocus: false,
      retry: (failures, error) =>
        failures < retriesMax && error instanceof ProblemError && (error.status === 0 || error.status >= 502),
    },
  },
})
const router = makeRouter(client)

/** The session has ended on the server: to the sign-in page, and back here afterwards. */
function leaveWhenSignedOut(error: Error) {
  if (!isProblem(error, 401)) return
  client.setQueryData(queries.session().queryKey, null)
  void router.invalidate()
}

const useStyles = makeStyles({
  root: { minHeight: '100vh', backgroundColor: tokens.colorNeutralBackground2 },
  hidden: { position: 'absolute', width: '1px', height: '1px', overflow: 'hidden', clipPath: 'inset(50%)' },
})

export function App() {
  const styles = useStyles()
  const { theme, isDark } = useTheme()
  const [hasToasts, setHasToasts] = useState(false)
  useEffect(() => (hasToasts ? undefined : onToast(() => setHasToasts(true))), [hasToasts])
  useEffect(() => {
    // Scroll bars, and the canvas behind the page.
    document.documentElement.style.colorScheme = isDark ? 'dark' : 'light'
  }, [isDark])
  return (
    // Without a class: menus and dialogs would get it too.
    <FluentProvider theme={theme}>
      <div className={styles.root}>
        <QueryClientProvider client={client}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </div>
      {hasToasts ? (
        <Suspense>
          <Toasts />
        </Suspense>
      ) : null}
      <div id={announcerId} role="status" aria-live="polite" className={styles.hidden} />
    </FluentProvider>
  )
}
