import { Alone } from '../parts/alone.tsx'

export function SignedOutPage() {
  return (
    <Alone title="You are signed out">
      <p>Your session has ended. On a shared computer, close the browser too.</p>
      <a className="button button-main" href="/">
        Sign in again
      </a>
    </Alone>
  )
}
