import * as z from 'zod/mini'
import { useCan, useMe } from '../api/me-context.ts'
import { useRead } from '../api/use-api.ts'
import { list } from '../parts/list.ts'
import { Link } from '../router/link.tsx'
import { fittingRoles } from './fitting-roles.ts'
import { RequestForm } from './request-form.tsx'
import type { Screen } from './screen.ts'

const rolesSchema = z.object({
  items: z.array(
    z.object({
      name: z.string(),
      description: z.string(),
      permissions: z.array(z.object({ action: z.string() })),
    }),
  ),
})

/** What I am here, in words: `viewer on folder Models`. */
function useMyRoles(): string {
  const me = useMe()
  const mine = me.roles.map(({ name, where }) => (where === me.org.name ? name : `${name} on ${where}`))
  if (mine.length === 0) return `You have no role in ${me.org.name}.`
  const held = [...new Set(mine)]
  return `In ${me.org.name} you have the role${held.length === 1 ? '' : 's'} ${list(held)}.`
}

/** Something for other roles: which ones, which I have, and a way to ask for one. */
export function Refusal({
  title,
  what,
  needs,
  where,
}: {
  readonly title: string
  /** `This screen`, `This dashboard`. */
  readonly what: string
  /** Actions of which a role must allow one. */
  readonly needs: readonly string[]
  /** Where a role is needed; the whole org if not said. */
  readonly where?: Parameters<typeof RequestForm>[0]['where']
}) {
  const can = useCan()
  const mine = useMyRoles()
  const read = useRead(can('roles:read') ? '/api/v1/roles?limit=200' : undefined, rolesSchema)
  const visible = (read.value?.items ?? []).map(({ permissions, ...role }) => ({
    ...role,
    actions: permissions.map(({ action }) => action),
  }))
  const fitting = fittingRoles(needs, visible)
  const names = list(
    fitting.map(({ name }) => name),
    'disjunction',
  )
  return (
    <div className="narrow stack">
      <h1>{title}</h1>
      <p>
        {mine} {what} is for people with the role {names}
        {where === undefined ? '' : ', there or in the whole org'}.
      </p>
      <section className="card stack" aria-labelledby="ask">
        <h2 id="ask">Ask for access</h2>
        <RequestForm roles={fitting} {...(where === undefined ? {} : { where })} />
      </section>
      <p>
        <Link to="/">Back to Home</Link>
      </p>
    </div>
  )
}

/** A screen for other roles. */
export function Forbidden({ screen: { title, needs = [] } }: { readonly screen: Screen }) {
  return <Refusal title={`${title} is not open to you`} what="This screen" needs={needs} />
}
