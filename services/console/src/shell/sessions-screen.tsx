import { useState } from 'react'
import * as z from 'zod/mini'
import { ask, type ApiError, toApiError } from '../api/client.ts'
import { signOut } from '../api/me.ts'
import { useMe } from '../api/me-context.ts'
import { useChange, useRead } from '../api/use-api.ts'
import { announce } from '../parts/announce.tsx'
import { Button } from '../parts/button.tsx'
import { Badge } from '../parts/chips.tsx'
import { ErrorState, Reading } from '../parts/states.tsx'
import { session, SessionsTable } from './sessions-table.tsx'

const path = '/api/v1/me/sessions'
const own = z.extend(session, { isCurrent: z.boolean() })
const sessions = z.object({ items: z.array(own) })
type OwnSession = z.output<typeof own>

function End({ one }: { readonly one: OwnSession }) {
  const end = useChange({
    request: () => ({ path: `${path}/${encodeURIComponent(one.uid)}`, method: 'DELETE' as const }),
    schema: z.unknown(),
    touches: [path],
    onDone: () => announce('The session has ended.'),
  })
  if (one.isCurrent) return <Badge kind="good">this one</Badge>
  return (
    <>
      <Button isSmall isBusy={end.isRunning} onClick={() => end.run(undefined)}>
        End<span className="visually-hidden"> the session from {one.address ?? 'an unknown address'}</span>
      </Button>
      {end.error !== undefined && <ErrorState error={end.error} />}
    </>
  )
}

/** Ends the others first: what ends this one cannot ask for anything any more. */
async function endAll(items: readonly OwnSession[], org: string): Promise<void> {
  for (const { uid, isCurrent } of items)
    if (!isCurrent) await ask(`${path}/${encodeURIComponent(uid)}`, z.unknown(), { method: 'DELETE', org })
  location.assign(await signOut())
}

/** Everywhere that I am signed in, and the way out of all of it. */
export default function SessionsScreen() {
  const me = useMe()
  const read = useRead(`${path}?limit=200`, sessions)
  const [error, setError] = useState<ApiError>()
  const [isLeaving, setLeaving] = useState(false)
  const leave = (items: readonly OwnSession[]): void => {
    setLeaving(true)
    endAll(items, me.org.uid).catch((reason: unknown) => {
      setLeaving(false)
      setError(toApiError(reason))
      read.reload()
    })
  }
  return (
    <>
      <div className="screen-head">
        <h1>Where you are signed in</h1>
      </div>
      <section className="card stack" aria-label="Sessions">
        <Reading read={read} lines={4}>
          {({ items }) => (
            <>
              <SessionsTable
                caption="Where you are signed in"
                items={items}
                end={(one) => <End one={one} />}
              />
              {error !== undefined && <ErrorState error={error} title="You are not signed out everywhere" />}
              <div>
                <Button kind="danger" isBusy={isLeaving} onClick={() => leave(items)}>
                  Sign out everywhere
                </Button>
              </div>
            </>
          )}
        </Reading>
      </section>
    </>
  )
}
