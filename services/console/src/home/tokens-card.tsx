import * as z from 'zod/mini'
import { useRead } from '../api/use-api.ts'
import { Reading } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import { Link } from '../router/link.tsx'

const days = 30
const tokens = z.object({
  items: z.array(
    z.object({
      uid: z.string(),
      name: z.string(),
      prefix: z.string(),
      expiresAt: z.string(),
      lastUsedAt: z.nullable(z.string()),
      serviceAccountUid: z.string(),
    }),
  ),
})

/** Service-account tokens that end soon; whoever uses them stops getting answers then. */
export function TokensCard() {
  const read = useRead(`/api/v1/tokens?expiresWithin=${days}&limit=200`, tokens)
  return (
    <section className="card stack" aria-labelledby="tokens">
      <h2 id="tokens">Tokens that end soon</h2>
      <Reading read={read} lines={2}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="muted">No token of a service account that you may see ends within {days} days.</p>
          ) : (
            <ul role="list" className="stack-tight">
              {items
                .toSorted((a, b) => a.expiresAt.localeCompare(b.expiresAt))
                .map(({ uid, name, expiresAt, lastUsedAt, serviceAccountUid }) => (
                  <li key={uid}>
                    <Link to={`/access/service-accounts/${encodeURIComponent(serviceAccountUid)}`}>
                      {name}
                    </Link>{' '}
                    ends <Time at={expiresAt} isRelative />
                    <span className="small muted">
                      ;{' '}
                      {lastUsedAt === null ? (
                        'never used'
                      ) : (
                        <>
                          last used <Time at={lastUsedAt} isRelative />
                        </>
                      )}
                    </span>
                  </li>
                ))}
            </ul>
          )
        }
      </Reading>
    </section>
  )
}
