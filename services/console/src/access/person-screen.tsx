import * as z from 'zod/mini'
import { useCan } from '../api/me-context.ts'
import { useRead } from '../api/use-api.ts'
import { Badge } from '../parts/chips.tsx'
import { Reading } from '../parts/states.tsx'
import { Link } from '../router/link.tsx'
import { navigate } from '../router/location.ts'
import type { Params } from '../router/match.ts'
import { session, SessionsTable } from '../shell/sessions-table.tsx'
import { AccessCard } from './access-card.tsx'
import { RemoveButton } from './confirm.tsx'
import { AccessPage } from './frame.tsx'
import { user as schema } from './model.ts'

const sessions = z.object({ items: z.array(session) })

function Sessions({ uid }: { readonly uid: string }) {
  const path = `/api/v1/sessions?user=${encodeURIComponent(uid)}`
  const read = useRead(path, sessions)
  return (
    <section className="card stack" aria-labelledby="sessions">
      <h2 id="sessions">Sessions</h2>
      <Reading read={read} lines={2}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="muted">Not signed in anywhere.</p>
          ) : (
            <SessionsTable
              caption="Where they are signed in"
              items={items}
              end={(one) => (
                <RemoveButton
                  label="End"
                  title="End this session"
                  path={`/api/v1/sessions/${encodeURIComponent(one.uid)}`}
                  touches={['/api/v1/sessions']}
                  done="The session has ended."
                >
                  <p>They have to sign in again there.</p>
                </RemoveButton>
              )}
            />
          )
        }
      </Reading>
    </section>
  )
}

/** One person: teams, what they see and why, sessions. */
export default function PersonScreen({ params }: { readonly params: Params }) {
  const can = useCan()
  const uid = params['uid'] ?? ''
  const path = `/api/v1/users/${encodeURIComponent(uid)}`
  const read = useRead(path, schema)
  return (
    <AccessPage
      title={read.value?.name ?? 'Person'}
      tools={
        can('users:write') &&
        read.value !== undefined && (
          <RemoveButton
            label="Remove from the org"
            title="Remove this person"
            path={path}
            touches={['/api/v1/users', '/api/v1/grants']}
            done={`${read.value.name} is no longer in the org.`}
            onDone={() => navigate('/access/people', { replace: true })}
          >
            <p>
              Their grants and memberships here end. What they did stays in the audit log. A person who is
              still in a group at the identity provider comes back at the next sign-in.
            </p>
          </RemoveButton>
        )
      }
    >
      <Reading read={read} lines={3}>
        {(person) => (
          <section className="card stack">
            <p>
              {person.isDisabled ? (
                <Badge kind="caution">disabled</Badge>
              ) : (
                <Badge kind="good">may sign in</Badge>
              )}
            </p>
            <p>
              {person.teams.length === 0 ? 'In no team.' : 'In '}
              {person.teams.map((team, i) => (
                <span key={team.uid}>
                  {i > 0 && ', '}
                  <Link to={`/access/teams/${encodeURIComponent(team.uid)}`}>team {team.uid}</Link>
                  {team.source === 'manual' ? ' (by hand)' : ' (by the identity provider)'}
                </span>
              ))}
            </p>
            <p className="small muted">
              uid <code>{person.uid}</code>
              {can('audit:read') && (
                <>
                  {' · '}
                  <Link to={`/audit?actor=${encodeURIComponent(person.uid)}`}>What they did</Link>
                </>
              )}
            </p>
          </section>
        )}
      </Reading>
      <AccessCard path={`${path}/access`} />
      {can('users:sessions') && <Sessions uid={uid} />}
    </AccessPage>
  )
}
