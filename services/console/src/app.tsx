import { HomePage } from './pages/home.tsx'
import { NotFoundPage } from './pages/not-found.tsx'
import { SignInPage } from './pages/sign-in.tsx'
import { SignedOutPage } from './pages/signed-out.tsx'

/** The page for the address. */
export function App() {
  switch (location.pathname) {
    case '/':
      return <HomePage />
    case '/sign-in':
      return <SignInPage />
    case '/signed-out':
      return <SignedOutPage />
    default:
      return <NotFoundPage />
  }
}
