import { type FormEvent, useState } from 'react'
import { useCan } from '../api/me-context.ts'
import { useChange } from '../api/use-api.ts'
import { Button } from '../parts/button.tsx'
import { Badge } from '../parts/chips.tsx'
import { TextField } from '../parts/field.tsx'
import { Dialog } from '../parts/overlay.tsx'
import { EmptyState, ErrorState } from '../parts/states.tsx'
import { Link } from '../router/link.tsx'
import { navigate } from '../router/location.ts'
import { AccessPage } from './frame.tsx'
import { Listed } from './listed.tsx'
import { account, accounts } from './model.ts'
import { useList } from './use-list.ts'

function NewAccount({ onClose }: { readonly onClose: () => void }) {
  const [name, setName] = useState('')
  const [team, setTeam] = useState('')
  const [error, setError] = useState<string>()
  const create = useChange({
    request: () => ({
      path: '/api/v1/service-accounts',
      method: 'POST' as const,
      json: { name: name.trim(), ...(team.trim() === '' ? {} : { teamUid: team.trim() }) },
    }),
    schema: account,
    touches: ['/api/v1/service-accounts'],
    onDone: ({ uid }) => navigate(`/access/service-accounts/${encodeURIComponent(uid)}`),
  })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (name.trim() === '') setError('Give the service account a name.')
    else create.run(undefined)
  }
  return (
    <Dialog title="New service account" onClose={onClose}>
      <form className="stack" onSubmit={submit} noValidate>
        <TextField
          label="Name"
          hint="What uses it: Grafana of team signals, nightly report."
          value={name}
          onText={setName}
          error={error}
        />
        <TextField
          label="uid of the team that looks after it"
          hint="Its leads may make and revoke its tokens. May be empty."
          value={team}
          onText={setTeam}
        />
        {create.error !== undefined && <ErrorState error={create.error} title="It was not made" />}
        <div>
          <Button type="submit" kind="main" isBusy={create.isRunning}>
            Make the service account
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

/** Accounts of machines. */
export default function AccountsScreen() {
  const can = useCan()
  const [isNew, setNew] = useState(false)
  const list = useList('/api/v1/service-accounts', accounts)
  return (
    <AccessPage
      title="Service accounts"
      tools={
        can('serviceaccounts:create') && (
          <Button isSmall kind="main" onClick={() => setNew(true)}>
            New service account
          </Button>
        )
      }
    >
      <Listed
        list={list}
        caption="Service accounts"
        rowKey={({ uid }) => uid}
        columns={[
          {
            id: 'name',
            title: 'Name',
            sortBy: ({ name }) => name,
            cell: ({ uid, name }) => (
              <Link to={`/access/service-accounts/${encodeURIComponent(uid)}`}>{name}</Link>
            ),
          },
          {
            id: 'team',
            title: 'Looked after by',
            cell: ({ teamUid }) =>
              teamUid === null ? (
                'the org'
              ) : (
                <Link to={`/access/teams/${encodeURIComponent(teamUid)}`}>team {teamUid}</Link>
              ),
          },
          {
            id: 'state',
            title: 'State',
            cell: ({ isDisabled }) =>
              isDisabled ? <Badge kind="caution">disabled</Badge> : <Badge kind="good">in use</Badge>,
          },
        ]}
        empty={
          <EmptyState title="No service account yet">
            <p>Grafana’s alerting, reports and other programs sign in with tokens of service accounts.</p>
          </EmptyState>
        }
      />
      {isNew && <NewAccount onClose={() => setNew(false)} />}
    </AccessPage>
  )
}
