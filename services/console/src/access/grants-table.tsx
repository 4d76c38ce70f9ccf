import { useMe } from '../api/me-context.ts'
import { Badge } from '../parts/chips.tsx'
import { Promql } from '../parts/promql.tsx'
import type { Column } from '../parts/table.tsx'
import { Time } from '../parts/time.tsx'
import { Link } from '../router/link.tsx'
import type { Grant } from './model.ts'
import { subjectLink, subjectText, whereText } from './words.ts'

/** Whether a grant holds at `now`, in a word. */
export function stateOf(
  { notBefore, expiresAt }: Pick<Grant, 'notBefore' | 'expiresAt'>,
  now: number,
): 'in force' | 'not yet' | 'ended' {
  if (expiresAt !== null && Date.parse(expiresAt) <= now) return 'ended'
  return notBefore !== null && Date.parse(notBefore) > now ? 'not yet' : 'in force'
}

const stateKinds = { 'in force': 'good', 'not yet': 'caution', ended: 'plain' } as const

export function GrantState({ grant }: { readonly grant: Grant }) {
  const state = stateOf(grant, Date.now())
  return <Badge kind={stateKinds[state]}>{state}</Badge>
}

/** Columns of a table of grants; without the subject where all are of one. */
export function useGrantColumns({ ofOne = false } = {}): readonly Column<Grant>[] {
  const me = useMe()
  const subject: Column<Grant> = {
    id: 'subject',
    title: 'Who',
    sortBy: (grant) => subjectText(grant.subject),
    cell: (grant) => <Link to={subjectLink(grant.subject)}>{subjectText(grant.subject)}</Link>,
  }
  return [
    ...(ofOne ? [] : [subject]),
    {
      id: 'role',
      title: 'Role',
      sortBy: ({ role }) => role,
      cell: ({ role }) => <Link to={`/access/roles/${encodeURIComponent(role)}`}>{role}</Link>,
    },
    { id: 'where', title: 'Where', cell: ({ where }) => whereText(where, me.org.name) },
    {
      id: 'constraints',
      title: 'Series',
      cell: ({ constraints }) =>
        constraints.length === 0
          ? 'all'
          : constraints.map((selector) => <Promql key={selector} text={selector} />),
    },
    {
      id: 'until',
      title: 'Until',
      cell: ({ expiresAt }) => (expiresAt === null ? 'no end' : <Time at={expiresAt} />),
    },
    { id: 'state', title: 'State', cell: (grant) => <GrantState grant={grant} /> },
    {
      id: 'uid',
      title: 'Grant',
      cell: ({ uid }) => <Link to={`/access/grants/${encodeURIComponent(uid)}`}>{uid}</Link>,
    },
  ]
}
