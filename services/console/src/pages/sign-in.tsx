import { readIssuers, type SignInIssuer } from '../api/issuers.ts'
import { useResource } from '../api/use-resource.ts'
import { Alone } from '../parts/alone.tsx'
import { Problem } from '../parts/problem.tsx'

interface Advice {
  readonly title: string
  readonly advice: string
  /** Whether an administrator would need the request id. */
  readonly isForAdmin?: boolean
}

/** A sentence for each way a sign-in can end without a session. */
const problems: Readonly<Record<string, Advice>> = {
  expired: {
    title: 'This sign-in is no longer valid',
    advice:
      'It took longer than ten minutes, was used already, or was begun in another browser. Begin again.',
  },
  refused: {
    title: 'The sign-in was refused',
    advice: 'It was cancelled, or your identity provider does not let you use Gatehouse.',
  },
  unavailable: {
    title: 'The identity provider cannot be reached',
    advice: 'Try again in a moment. Programs with a token go on working meanwhile.',
  },
  invalid: {
    title: 'The identity provider’s answer could not be trusted',
    advice: 'Nobody was signed in. If it happens again, tell your administrator the number below.',
    isForAdmin: true,
  },
  'no-org': {
    title: 'You have no access yet',
    advice:
      'You signed in, but none of your groups belongs to an org here. Ask an admin of your org to add one of them.',
  },
  disabled: {
    title: 'Your account is disabled',
    advice: 'Ask an admin of your org if you think it should not be.',
  },
  failed: {
    title: 'The sign-in failed',
    advice:
      'Something went wrong on our side. If it happens again, tell your administrator the number below.',
    isForAdmin: true,
  },
}

function ProblemOf({ query }: { readonly query: URLSearchParams }) {
  const problem = problems[query.get('problem') ?? '']
  const request = query.get('request') ?? ''
  if (problem === undefined) return null
  return (
    <Problem title={problem.title}>
      <span>{problem.advice}</span>
      {problem.isForAdmin && /^[\w.-]{8,64}$/.test(request) && (
        <span className="small">Number: {request}</span>
      )}
    </Problem>
  )
}

function SignInButton({ issuer, returnTo }: { readonly issuer: SignInIssuer; readonly returnTo: string }) {
  const { title, signInPath, isAvailable } = issuer
  const href = `${signInPath}?${new URLSearchParams({ returnTo }).toString()}`
  return (
    <li className="stack-tight">
      <a className="button button-main" href={href}>
        Sign in with {title}
      </a>
      {!isAvailable && (
        <p className="notice notice-caution small">
          {title} does not answer at the moment. You can try all the same.
        </p>
      )}
    </li>
  )
}

function Choices({ returnTo }: { readonly returnTo: string }) {
  const [loaded, reload] = useResource(readIssuers)
  if (loaded.state === 'loading') return <p role="status">Loading…</p>
  if (loaded.state === 'failed')
    return (
      <>
        <Problem title="The ways to sign in could not be loaded">{loaded.error.message}</Problem>
        <button type="button" className="button" onClick={reload}>
          Try again
        </button>
      </>
    )
  if (loaded.value.length === 0)
    return (
      <p className="notice notice-caution">
        No identity provider is configured, so nobody can sign in here. Programs can use service-account
        tokens.
      </p>
    )
  return (
    <ul role="list" className="stack">
      {loaded.value.map((issuer) => (
        <SignInButton key={issuer.name} issuer={issuer} returnTo={returnTo} />
      ))}
    </ul>
  )
}

/** The way in: one button per identity provider. */
export function SignIn({ returnTo }: { readonly returnTo: string }) {
  return (
    <Alone title="Sign in">
      <ProblemOf query={new URLSearchParams(location.search)} />
      <p className="muted">See the metrics of your org and your teams.</p>
      <Choices returnTo={returnTo} />
    </Alone>
  )
}

export function SignInPage() {
  // A sign-in that failed comes back here with where it was to lead.
  return <SignIn returnTo={new URLSearchParams(location.search).get('returnTo') ?? '/'} />
}
