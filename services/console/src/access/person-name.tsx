import * as z from 'zod/mini'
import { useCan, useMe } from '../api/me-context.ts'
import { useRead } from '../api/use-api.ts'
import { Link } from '../router/link.tsx'

const named = z.object({ name: z.string() })

/** A person by name where one may know it, and by uid where not; leads to their page. */
export function PersonName({ uid }: { readonly uid: string }) {
  const me = useMe()
  const mayRead = useCan()('users:read')
  const isOther = uid !== me.uid
  const { value } = useRead(
    isOther && mayRead ? `/api/v1/users/${encodeURIComponent(uid)}` : undefined,
    named,
  )
  if (!isOther) return <>you</>
  if (!mayRead) return <>person {uid}</>
  return <Link to={`/access/people/${encodeURIComponent(uid)}`}>{value?.name ?? `person ${uid}`}</Link>
}
