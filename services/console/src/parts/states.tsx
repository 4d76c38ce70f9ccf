import type { ReactNode } from 'react'
import type { ApiError } from '../api/client.ts'
import type { Read } from '../api/use-api.ts'
import { Button } from './button.tsx'
import { Link } from '../router/link.tsx'
import { Problem } from './problem.tsx'

/** Nothing is there: why that may be, and what to do next. */
export function EmptyState({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className="empty stack-tight">
      <h2 className="as-h3">{title}</h2>
      {children}
    </div>
  )
}

const titles: Readonly<Record<number, string>> = {
  0: 'Gatehouse cannot be reached',
  401: 'Your session has ended',
  403: 'You may not do this',
  404: 'This is not there',
  409: 'This does not go together',
  412: 'Somebody changed this meanwhile',
  422: 'This cannot be executed',
  429: 'Too many requests at once',
  503: 'Not available at the moment',
}

function hintOf({ status, retryAfter }: ApiError): string | undefined {
  if (status === 401) return 'Sign in again in a new tab; what you see and typed here stays.'
  if (status === 412) return 'What you typed is kept. Load what is there now, then try again.'
  if (status === 429 && retryAfter !== undefined) return `Try again in ${retryAfter} seconds.`
  return undefined
}

/** What went wrong and what to do about it. */
export function ErrorState({
  error,
  title,
  onRetry,
}: {
  readonly error: ApiError
  readonly title?: string
  readonly onRetry?: (() => void) | undefined
}) {
  const hint = hintOf(error)
  return (
    <Problem title={title ?? titles[error.status] ?? 'This did not work'}>
      <span>{sentence(error.message)}</span>
      {hint !== undefined && <span>{hint}</span>}
      {error.status === 403 && (
        <span>
          <Link to="/access/ask">Ask for access</Link>
        </span>
      )}
      {error.status >= 500 && error.requestId !== undefined && (
        <span className="small">
          Number for your administrator: <code>{error.requestId}</code>
        </span>
      )}
      {onRetry !== undefined && (
        <span>
          <Button isSmall onClick={onRetry}>
            Try again
          </Button>
        </span>
      )}
    </Problem>
  )
}

/** A message of the API as a sentence: it begins in lower case there. */
export function sentence(message: string): string {
  const text = message.charAt(0).toUpperCase() + message.slice(1)
  return /[.!?…)]$/.test(text) ? text : `${text}.`
}

/** Grey lines the size of what comes, so that nothing jumps. Said once to screen readers. */
export function Skeleton({
  lines = 3,
  label = 'Loading',
}: {
  readonly lines?: number
  readonly label?: string
}) {
  return (
    <div className="skeleton stack-tight" role="status">
      <span className="visually-hidden">{label}…</span>
      {Array.from({ length: lines }, (_, i) => (
        <span key={i} className={`skeleton-line skeleton-line-${i % 3}`} aria-hidden="true" />
      ))}
    </div>
  )
}

/** Something read: a skeleton, an error, or what is there. A failed re-read keeps what was there and says so. */
export function Reading<T>({
  read,
  lines,
  children,
}: {
  readonly read: Read<T>
  readonly lines?: number
  readonly children: (value: T) => ReactNode
}) {
  const { value, error, reload } = read
  if (value === undefined && error === undefined)
    return <Skeleton {...(lines === undefined ? {} : { lines })} />
  return (
    <>
      {error !== undefined && <ErrorState error={error} onRetry={reload} />}
      {value !== undefined && children(value)}
    </>
  )
}
