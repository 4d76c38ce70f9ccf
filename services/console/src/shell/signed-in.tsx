import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { type ReactNode, useEffect } from 'react'
import { type ApiError, toApiError } from '../api/client.ts'
import { readMe } from '../api/me.ts'
import { SignIn } from '../pages/sign-in.tsx'
import { Alone } from '../parts/alone.tsx'
import { Button } from '../parts/button.tsx'
import { sentence } from '../parts/states.tsx'
import { useOrg } from './org.ts'
import { Shell } from './shell.tsx'
import { navigate, withSearch } from '../router/location.ts'

function Failed({ error, onRetry }: { readonly error: ApiError; readonly onRetry: () => void }): ReactNode {
  return (
    <Alone title={error.status === 403 ? 'Nothing for you here yet' : 'This did not work'}>
      <p>{sentence(error.message)}</p>
      <Button kind="main" onClick={onRetry}>
        Try again
      </Button>
    </Alone>
  )
}

/** The console for whoever is signed in; for others, the way in, which leads back here. */
export function SignedIn() {
  const [org, setOrg] = useOrg()
  const read = useQuery({
    queryKey: ['me', org],
    queryFn: ({ signal }) => readMe(org, signal),
    placeholderData: keepPreviousData,
    retry: false,
    staleTime: 60_000,
  })
  useEffect(() => {
    // The org of this tab may be one the person has left.
    if (read.error !== null && org !== undefined && toApiError(read.error).status === 403) setOrg(undefined)
  }, [read.error, org, setOrg])
  const choose = (uid: string): void => {
    navigate(location.pathname + withSearch(location.search, { org: undefined }), { replace: true })
    setOrg(uid)
  }
  if (read.data !== undefined) return <Shell me={read.data} onOrg={choose} />
  if (read.isPending)
    return (
      <p className="visually-hidden" role="status">
        Loading…
      </p>
    )
  const error = toApiError(read.error)
  if (error.status === 401) return <SignIn returnTo={location.pathname + location.search} />
  return <Failed error={error} onRetry={() => void read.refetch()} />
}
