import * as z from 'zod/mini'
import { useRead } from '../api/use-api.ts'
import { useSearch } from '../router/location.ts'
import { RequestForm } from '../shell/request-form.tsx'
import { placeOf } from './place.ts'

const rolesSchema = z.object({ items: z.array(z.object({ name: z.string(), description: z.string() })) })
const kinds = ['org', 'folder', 'data-source', 'dashboard'] as const

/** Where the refusal of a query leads: asks for the role and place that its address names. */
export default function AskScreen() {
  const search = useSearch()
  const read = useRead('/api/v1/roles?limit=200', rolesSchema)
  const wanted = search.get('role') ?? 'viewer'
  const known = read.value?.items ?? []
  // Who may not list roles can still ask for the one that was named.
  const named = known.find(({ name }) => name === wanted) ?? { name: wanted, description: '' }
  const place = placeOf(search.get('on'), kinds)
  if (read.value === undefined && read.error === undefined) return null
  return (
    <div className="narrow stack">
      <h1>Ask for access</h1>
      <p>
        {place === undefined
          ? 'You ask for a role in your whole org.'
          : `You ask for a role on ${place.kind.replace('-', ' ')} ${place.uid}, and nowhere else.`}
      </p>
      <section className="card stack">
        <RequestForm
          roles={[named, ...known.filter(({ name }) => name !== wanted)]}
          {...(place === undefined ? {} : { where: place })}
        />
      </section>
    </div>
  )
}
