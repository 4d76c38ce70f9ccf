import { QueryClientProvider } from '@tanstack/react-query'
import { lazy, Suspense } from 'react'
import { createQueryClient } from './api/query-client.ts'
import { SignInPage } from './pages/sign-in.tsx'
import { SignedInAgainPage } from './pages/signed-in-again.tsx'
import { SignedOutPage } from './pages/signed-out.tsx'
import { Skeleton } from './parts/states.tsx'
import { matchPath } from './router/match.ts'
import { SignedIn } from './shell/signed-in.tsx'

/** A dashboard by link, for people who do not sign in. */
const SharedPage = lazy(() => import('./dashboards/screens/shared-page.tsx'))

const client = createQueryClient()

/** The page for the address: those without a session stand alone, all others are screens in the shell. */
export function App() {
  const shared = matchPath('/dashboards/shared/:uid', location.pathname)?.['uid']
  if (shared !== undefined)
    return (
      <Suspense fallback={<Skeleton lines={6} label="Opening the dashboard" />}>
        <SharedPage uid={shared} />
      </Suspense>
    )
  switch (location.pathname) {
    case '/sign-in':
      return <SignInPage />
    case '/signed-in':
      return <SignedInAgainPage />
    case '/signed-out':
      return <SignedOutPage />
    default:
      return (
        <QueryClientProvider client={client}>
          <SignedIn />
        </QueryClientProvider>
      )
  }
}
