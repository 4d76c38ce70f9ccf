import { useState } from 'react'
import * as z from 'zod/mini'
import { useCan } from '../api/me-context.ts'
import { useChange, useRead } from '../api/use-api.ts'
import { announce } from '../parts/announce.tsx'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/overlay.tsx'
import { EmptyState, ErrorState, Reading } from '../parts/states.tsx'
import { Table } from '../parts/table.tsx'
import { Link } from '../router/link.tsx'
import { navigate } from '../router/location.ts'
import type { Params } from '../router/match.ts'
import { list } from '../parts/list.ts'
import { RemoveButton } from './confirm.tsx'
import { AccessPage } from './frame.tsx'
import { useGrantColumns } from './grants-table.tsx'
import { Listed } from './listed.tsx'
import { grants, members, team as schema } from './model.ts'
import { Preview } from './preview.tsx'
import { type Chosen, SubjectField } from './subject-field.tsx'
import { useList } from './use-list.ts'

function AddMember({ team, onClose }: { readonly team: string; readonly onClose: () => void }) {
  const [chosen, setChosen] = useState<Chosen>()
  const [isTried, setTried] = useState(false)
  const add = useChange({
    request: (user: string) => ({
      path: `/api/v1/teams/${encodeURIComponent(team)}/members/${encodeURIComponent(user)}`,
      method: 'PUT' as const,
    }),
    schema: z.unknown(),
    touches: ['/api/v1/teams', '/api/v1/users', '/api/v1/access'],
    onDone: () => {
      announce(`${chosen?.name ?? 'The person'} is in the team.`)
      onClose()
    },
  })
  return (
    <Dialog
      title="Add a member"
      onClose={onClose}
      actions={
        <Button
          kind="main"
          isBusy={add.isRunning}
          onClick={() => {
            setTried(true)
            if (chosen !== undefined) add.run(chosen.uid)
          }}
        >
          Add
        </Button>
      }
    >
      <SubjectField
        kinds={['user']}
        label="Person"
        error={isTried && chosen === undefined ? 'Choose somebody from the list.' : undefined}
        chosen={chosen}
        onChosen={setChosen}
      />
      {chosen !== undefined && <Preview proposal={{ addMembers: [{ team, user: chosen.uid }] }} />}
      {add.error !== undefined && <ErrorState error={add.error} />}
    </Dialog>
  )
}

function Members({ uid }: { readonly uid: string }) {
  const can = useCan()
  const [isAdding, setAdding] = useState(false)
  const read = useRead(`/api/v1/teams/${encodeURIComponent(uid)}/members?limit=500`, members)
  const mayChange = can('teams:write')
  return (
    <section className="card stack" aria-labelledby="members">
      <div className="row row-apart">
        <h2 id="members">Members</h2>
        {mayChange && (
          <Button isSmall onClick={() => setAdding(true)}>
            Add a member
          </Button>
        )}
      </div>
      <Reading read={read} lines={3}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState title="Nobody is in this team yet">
              <p>Members come by the groups of the identity provider when they sign in, or by hand.</p>
            </EmptyState>
          ) : (
            <Table
              caption="Members of the team"
              isCaptionHidden
              rows={items}
              rowKey={(member) => member.uid}
              columns={[
                {
                  id: 'name',
                  title: 'Name',
                  sortBy: ({ name }) => name,
                  cell: (member) => (
                    <Link to={`/access/people/${encodeURIComponent(member.uid)}`}>{member.name}</Link>
                  ),
                },
                {
                  id: 'source',
                  title: 'Came by',
                  cell: ({ source }) => (source === 'sso' ? 'a group of the identity provider' : 'hand'),
                },
                {
                  id: 'remove',
                  title: <span className="visually-hidden">What you can do</span>,
                  cell: (member) =>
                    mayChange &&
                    member.source === 'manual' && (
                      <RemoveButton
                        label="Remove"
                        title={`Remove ${member.name}`}
                        path={`/api/v1/teams/${encodeURIComponent(uid)}/members/${encodeURIComponent(member.uid)}`}
                        proposal={{ removeMembers: [{ team: uid, user: member.uid }] }}
                        touches={['/api/v1/teams', '/api/v1/users', '/api/v1/access']}
                        done={`${member.name} is no longer in the team.`}
                      />
                    ),
                },
              ]}
            />
          )
        }
      </Reading>
      {isAdding && <AddMember team={uid} onClose={() => setAdding(false)} />}
    </section>
  )
}

/** One team: who is in it, and its grants. */
export default function TeamScreen({ params }: { readonly params: Params }) {
  const can = useCan()
  const uid = params['uid'] ?? ''
  const path = `/api/v1/teams/${encodeURIComponent(uid)}`
  const read = useRead(path, schema)
  const found = useList(`/api/v1/grants?kind=team&subject=${encodeURIComponent(uid)}`, grants)
  const columns = useGrantColumns({ ofOne: true })
  return (
    <AccessPage
      title={read.value === undefined ? 'Team' : `Team ${read.value.name}`}
      tools={
        can('teams:delete') && (
          <RemoveButton
            label="Delete"
            title="Delete this team"
            path={path}
            touches={['/api/v1/teams', '/api/v1/grants', '/api/v1/users']}
            done="The team is deleted, and its grants with it."
            onDone={() => navigate('/access/teams', { replace: true })}
            proposal={{ revokeGrants: found.items.map((grant) => grant.uid) }}
          />
        )
      }
    >
      <Reading read={read} lines={1}>
        {({ idpGroups }) => (
          <p>
            {idpGroups.length === 0
              ? 'No group of the identity provider leads here: members come by hand.'
              : `Whoever is in ${list(idpGroups)} at the identity provider is in it.`}
          </p>
        )}
      </Reading>
      <Members uid={uid} />
      {can('grants:read') && (
        <section className="card stack" aria-labelledby="team-grants">
          <div className="row row-apart">
            <h2 id="team-grants">Grants</h2>
            {can('grants:create') && (
              <Link
                className="button button-small"
                to={`/access/grants/new?subject=team:${encodeURIComponent(uid)}`}
              >
                New grant
              </Link>
            )}
          </div>
          <Listed
            list={found}
            caption="Grants of the team"
            columns={columns}
            rowKey={(grant) => grant.uid}
            empty={<EmptyState title="No grant">This team gives nobody anything yet.</EmptyState>}
          />
        </section>
      )}
    </AccessPage>
  )
}
