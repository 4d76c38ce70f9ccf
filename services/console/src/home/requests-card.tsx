import * as z from 'zod/mini'
import { useMe } from '../api/me-context.ts'
import { useChange, useRead } from '../api/use-api.ts'
import { Button } from '../parts/button.tsx'
import { Badge } from '../parts/chips.tsx'
import { ErrorState, Reading } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import { Link } from '../router/link.tsx'

const request = z.object({
  uid: z.string(),
  userUid: z.string(),
  role: z.string(),
  where: z.object({ kind: z.string(), uid: z.string() }),
  hours: z.number(),
  reason: z.string(),
  status: z.enum(['pending', 'approved', 'denied', 'withdrawn']),
  createdAt: z.string(),
  note: z.string(),
  mayDecide: z.boolean(),
})
const requests = z.object({ items: z.array(request) })
type AccessRequest = z.output<typeof request>

const badges = { pending: 'caution', approved: 'good', denied: 'danger', withdrawn: 'plain' } as const
const words = { pending: 'waiting', approved: 'approved', denied: 'denied', withdrawn: 'withdrawn' } as const

/** `3 days`, `8 hours`: how long a role is asked for. */
export function hoursInWords(hours: number): string {
  const [count, unit] = hours >= 48 && hours % 24 === 0 ? [hours / 24, 'day'] : [hours, 'hour']
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}

function Mine({
  request: { uid, role, where, hours, status, createdAt, note },
}: {
  readonly request: AccessRequest
}) {
  const me = useMe()
  const withdraw = useChange({
    request: () => ({ path: `/api/v1/access/requests/${uid}`, method: 'DELETE' as const }),
    schema: z.object({ uid: z.string() }),
    touches: ['/api/v1/access/requests'],
  })
  const place =
    where.kind === 'org' ? `all of ${me.org.name}` : `${where.kind.replace('-', ' ')} ${where.uid}`
  return (
    <li className="stack-tight">
      <div className="row row-apart">
        <span>
          <Badge kind={badges[status]}>{words[status]}</Badge> You asked for <strong>{role}</strong> on{' '}
          {place} for {hoursInWords(hours)}, <Time at={createdAt} isRelative />.
        </span>
        {status === 'pending' && (
          <Button isSmall isBusy={withdraw.isRunning} onClick={() => withdraw.run(undefined)}>
            Withdraw<span className="visually-hidden"> the request for {role}</span>
          </Button>
        )}
      </div>
      {note !== '' && <p className="small muted">Whoever decided says: {note}</p>}
      {withdraw.error !== undefined && <ErrorState error={withdraw.error} />}
    </li>
  )
}

/** What I asked for in the last two weeks, and how many requests of others wait for me. */
export function RequestsCard() {
  const me = useMe()
  const read = useRead('/api/v1/access/requests', requests)
  return (
    <section className="card stack" aria-labelledby="requests">
      <h2 id="requests">Requests for access</h2>
      <Reading read={read} lines={2}>
        {({ items }) => {
          const since = Date.now() - 14 * 86_400_000
          const mine = items.filter(
            ({ userUid, createdAt }) => userUid === me.uid && Date.parse(createdAt) > since,
          )
          const waiting = items.filter(({ mayDecide }) => mayDecide).length
          return (
            <>
              {waiting > 0 && (
                <p className="notice notice-caution">
                  <Link to="/access/requests">
                    {waiting === 1 ? '1 request waits' : `${waiting} requests wait`} for your decision
                  </Link>
                  .
                </p>
              )}
              {mine.length === 0 ? (
                <p className="muted">
                  You have no open request. A page that is not open to you offers to ask for access.
                </p>
              ) : (
                <ul role="list" className="stack divided">
                  {mine.map((one) => (
                    <Mine key={one.uid} request={one} />
                  ))}
                </ul>
              )}
            </>
          )
        }}
      </Reading>
    </section>
  )
}
