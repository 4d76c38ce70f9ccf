import { QueryClientProvider } from '@tanstack/react-query'
import { createQueryClient } from './api/query-client.ts'
import { SignInPage } from './pages/sign-in.tsx'
import { SignedInAgainPage } from './pages/signed-in-again.tsx'
import { SignedOutPage } from './pages/signed-out.tsx'
import { SignedIn } from './shell/signed-in.tsx'

const client = createQueryClient()

/** The page for the address: those without a session stand alone, all others are screens in the shell. */
export function App() {
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
