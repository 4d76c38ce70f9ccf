import type { Me } from '../api/me.ts'
import { list } from '../parts/list.ts'

/** My roles, one sentence each. */
export function RolesCard({ me }: { readonly me: Me }) {
  const teams = me.teams.map(({ name }) => name)
  return (
    <section className="card stack" aria-labelledby="roles">
      <h2 id="roles">Who you are here</h2>
      <p>
        You belong to {me.org.name}
        {teams.length === 0 ? '' : ` and its ${teams.length === 1 ? 'team' : 'teams'} ${list(teams)}`}.{' '}
        {me.roles.length === 0 && `You have no role yet: ask an admin of ${me.org.name} for one.`}
      </p>
      <ul role="list" className="stack-tight">
        {me.roles.map(({ name, description, via, where }) => (
          <li key={`${name} ${via} ${where}`}>
            You have the role <strong>{name}</strong>{' '}
            {where === me.org.name ? `for all of ${where}` : `on ${where}`}, through {via}.
            {description !== '' && <span className="small muted"> {description}.</span>}
          </li>
        ))}
      </ul>
    </section>
  )
}
