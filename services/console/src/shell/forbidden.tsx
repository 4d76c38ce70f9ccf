import * as z from 'zod/mini'
import { useMe } from '../api/me-context.ts'
import { useRead } from '../api/use-api.ts'
import { list } from '../parts/list.ts'
import { Link } from '../router/link.tsx'
import { RequestForm } from './request-form.tsx'
import type { Screen } from './screen.ts'

const roles = z.object({
  items: z.array(
    z.object({
      name: z.string(),
      description: z.string(),
      permissions: z.array(z.object({ action: z.string() })),
    }),
  ),
})

interface FittingRole {
  readonly name: string
  readonly description: string
}

/** Roles that open the screen: those I may see, and those of the release, which everybody may know of. */
export function rolesFor(
  { needs = [], roles: shipped = [] }: Pick<Screen, 'needs' | 'roles'>,
  visible: z.output<typeof roles>['items'],
): readonly FittingRole[] {
  const seen = visible.filter(({ permissions }) => permissions.some(({ action }) => needs.includes(action)))
  const unseen = shipped.filter((name) => !seen.some((role) => role.name === name))
  return [...seen, ...unseen.map((name) => ({ name, description: '' }))]
}

/** A screen for other roles: which ones, which I have, and a way to ask for one. */
export function Forbidden({ screen }: { readonly screen: Screen }) {
  const me = useMe()
  const read = useRead('/api/v1/roles?limit=200', roles)
  const { needs = [] } = screen
  const fitting = rolesFor(screen, read.value?.items ?? [])
  const mine = [...new Set(me.roles.map(({ name }) => name))]
  return (
    <div className="narrow stack">
      <h1>{screen.title} is not open to you</h1>
      <p>
        {mine.length === 0
          ? `You have no role in ${me.org.name}.`
          : `In ${me.org.name} you have the role ${list(mine)}.`}{' '}
        {fitting.length === 0
          ? `This screen needs a role that allows ${list(needs, 'disjunction')}; an admin of ${me.org.name} can give it to you.`
          : `This screen is for people with the role ${list(
              fitting.map(({ name }) => name),
              'disjunction',
            )}.`}
      </p>
      {fitting.length > 0 && (
        <section className="card stack" aria-labelledby="ask">
          <h2 id="ask">Ask for access</h2>
          <RequestForm roles={fitting} />
        </section>
      )}
      <p>
        <Link to="/">Back to Home</Link>
      </p>
    </div>
  )
}
