import { type FormEvent, useState } from 'react'
import { useCan } from '../api/me-context.ts'
import { useChange } from '../api/use-api.ts'
import { Button } from '../parts/button.tsx'
import { TextField } from '../parts/field.tsx'
import { Dialog } from '../parts/overlay.tsx'
import { EmptyState, ErrorState } from '../parts/states.tsx'
import { Link } from '../router/link.tsx'
import { navigate } from '../router/location.ts'
import { list as inWords } from '../parts/list.ts'
import { AccessPage } from './frame.tsx'
import { Listed } from './listed.tsx'
import { team, teams } from './model.ts'
import { useList } from './use-list.ts'

/** Groups of the identity provider, written with commas. */
export function groupsOf(text: string): readonly string[] {
  return text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
}

function NewTeam({ onClose }: { readonly onClose: () => void }) {
  const [name, setName] = useState('')
  const [groups, setGroups] = useState('')
  const [error, setError] = useState<string>()
  const create = useChange({
    request: () => ({
      path: '/api/v1/teams',
      method: 'POST' as const,
      json: { name: name.trim(), idpGroups: groupsOf(groups) },
    }),
    schema: team,
    touches: ['/api/v1/teams'],
    onDone: ({ uid }) => navigate(`/access/teams/${encodeURIComponent(uid)}`),
  })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (name.trim() === '') setError('Give the team a name.')
    else create.run(undefined)
  }
  return (
    <Dialog title="New team" onClose={onClose}>
      <form className="stack" onSubmit={submit} noValidate>
        <TextField label="Name" value={name} onText={setName} error={error} />
        <TextField
          label="Groups at the identity provider"
          hint="Whoever is in one of them is in the team. Separate several with commas."
          value={groups}
          onText={setGroups}
        />
        {create.error !== undefined && <ErrorState error={create.error} title="The team was not made" />}
        <div>
          <Button type="submit" kind="main" isBusy={create.isRunning}>
            Make the team
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

/** All teams of the org. */
export default function TeamsScreen() {
  const can = useCan()
  const [isNew, setNew] = useState(false)
  const list = useList('/api/v1/teams', teams)
  return (
    <AccessPage
      title="Teams"
      tools={
        can('teams:create') && (
          <Button isSmall kind="main" onClick={() => setNew(true)}>
            New team
          </Button>
        )
      }
    >
      <Listed
        list={list}
        caption="Teams"
        rowKey={({ uid }) => uid}
        columns={[
          {
            id: 'name',
            title: 'Name',
            sortBy: ({ name }) => name,
            cell: ({ uid, name }) => <Link to={`/access/teams/${encodeURIComponent(uid)}`}>{name}</Link>,
          },
          {
            id: 'groups',
            title: 'Groups at the identity provider',
            cell: ({ idpGroups }) => (idpGroups.length === 0 ? 'none: members by hand' : inWords(idpGroups)),
          },
          { id: 'uid', title: 'uid', isExtra: true, cell: ({ uid }) => <code>{uid}</code> },
        ]}
        empty={
          <EmptyState title="No team yet">
            <p>Teams get roles by grants, so that people who join or leave need no change of access.</p>
          </EmptyState>
        }
      />
      {isNew && <NewTeam onClose={() => setNew(false)} />}
    </AccessPage>
  )
}
