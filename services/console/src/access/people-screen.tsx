import { useState } from 'react'
import { Badge } from '../parts/chips.tsx'
import { TextField } from '../parts/field.tsx'
import { EmptyState } from '../parts/states.tsx'
import { Link } from '../router/link.tsx'
import { useSearchState } from '../router/location.ts'
import { AccessPage } from './frame.tsx'
import { Listed } from './listed.tsx'
import { users } from './model.ts'
import { useList } from './use-list.ts'

/** Everybody who has signed in to the org or was provisioned. */
export default function PeopleScreen() {
  const [search, change] = useSearchState()
  const [text, setText] = useState(search.get('search') ?? '')
  const list = useList(`/api/v1/users?search=${encodeURIComponent(search.get('search') ?? '')}`, users)
  return (
    <AccessPage title="People">
      <search className="narrow">
        <TextField
          label="Find by name"
          type="search"
          value={text}
          onText={(next) => {
            setText(next)
            change({ search: next.trim() }, { replace: true })
          }}
        />
      </search>
      <Listed
        list={list}
        caption="People"
        rowKey={({ uid }) => uid}
        columns={[
          {
            id: 'name',
            title: 'Name',
            sortBy: ({ name }) => name,
            cell: ({ uid, name }) => <Link to={`/access/people/${encodeURIComponent(uid)}`}>{name}</Link>,
          },
          {
            id: 'teams',
            title: 'Teams',
            cell: ({ teams }) =>
              teams.length === 0
                ? 'none'
                : teams.map((team, i) => (
                    <span key={team.uid}>
                      {i > 0 && ', '}
                      <Link to={`/access/teams/${encodeURIComponent(team.uid)}`}>{team.uid}</Link>
                      {team.source === 'manual' && <span className="small muted"> by hand</span>}
                    </span>
                  )),
          },
          {
            id: 'state',
            title: 'State',
            cell: ({ isDisabled }) =>
              isDisabled ? <Badge kind="caution">disabled</Badge> : <Badge kind="good">may sign in</Badge>,
          },
        ]}
        empty={
          <EmptyState title="Nobody of this name">
            <p>People appear here when they first sign in, or when the identity provider provisions them.</p>
          </EmptyState>
        }
      />
    </AccessPage>
  )
}
