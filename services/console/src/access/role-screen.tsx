import { permissionTable } from '@gatehouse/authz/permissions'
import { useCan } from '../api/me-context.ts'
import { useRead } from '../api/use-api.ts'
import { Badge } from '../parts/chips.tsx'
import { EmptyState, Reading } from '../parts/states.tsx'
import { Table } from '../parts/table.tsx'
import { Link } from '../router/link.tsx'
import { navigate } from '../router/location.ts'
import type { Params } from '../router/match.ts'
import { RemoveButton } from './confirm.tsx'
import { AccessPage } from './frame.tsx'
import { useGrantColumns } from './grants-table.tsx'
import { Listed } from './listed.tsx'
import { grants, role as schema } from './model.ts'
import { useList } from './use-list.ts'

/** What an action is, in words; the action itself if this console does not know it. */
export function actionText(action: string): string {
  const known = Object.entries(permissionTable).find(([name]) => name === action)
  return known?.[1].description ?? action
}

/** One role: what it permits, and who has it. */
export default function RoleScreen({ params }: { readonly params: Params }) {
  const can = useCan()
  const name = params['name'] ?? ''
  const path = `/api/v1/roles/${encodeURIComponent(name)}`
  const read = useRead(path, schema)
  const found = useList(`/api/v1/grants?role=${encodeURIComponent(name)}`, grants)
  const columns = useGrantColumns()
  const isOwn = read.value?.isShipped === false
  return (
    <AccessPage
      title={`Role ${name}`}
      tools={
        <>
          {isOwn && can('roles:write') && (
            <Link className="button button-small" to={`/access/roles/${encodeURIComponent(name)}/edit`}>
              Change
            </Link>
          )}
          {isOwn && can('roles:delete') && (
            <RemoveButton
              label="Delete"
              title="Delete this role"
              path={path}
              touches={['/api/v1/roles', '/api/v1/grants']}
              done="The role is deleted."
              onDone={() => navigate('/access/roles', { replace: true })}
            >
              <p>A role that somebody has through a grant cannot be deleted; revoke its grants first.</p>
            </RemoveButton>
          )}
          {can('roles:create') && (
            <Link className="button button-small" to={`/access/roles/new?like=${encodeURIComponent(name)}`}>
              Make one like it
            </Link>
          )}
        </>
      }
    >
      <Reading read={read} lines={8}>
        {({ description, version, isShipped, permissions }) => (
          <section className="card stack">
            <p>
              <Badge kind={isShipped ? 'plain' : 'good'}>
                {isShipped ? 'comes with Gatehouse' : 'of this org'}
              </Badge>{' '}
              {description === '' ? 'No description.' : `${description}.`}{' '}
              <span className="small muted">Version {version}</span>
            </p>
            <Table
              caption="What it permits"
              rows={permissions}
              rowKey={({ action, scope }) => `${action} ${scope}`}
              columns={[
                { id: 'what', title: 'Permission', cell: ({ action }) => actionText(action) },
                { id: 'action', title: 'Action', cell: ({ action }) => <code>{action}</code> },
                {
                  id: 'scope',
                  title: 'On',
                  cell: ({ scope }) =>
                    /^\*$|:\*$/.test(scope) ? 'everything within the grant' : <code>{scope}</code>,
                },
              ]}
            />
          </section>
        )}
      </Reading>
      {can('grants:read') && (
        <section className="card stack" aria-labelledby="held">
          <h2 id="held">Who has it</h2>
          <Listed
            list={found}
            caption="Grants of this role"
            columns={columns}
            rowKey={({ uid }) => uid}
            empty={<EmptyState title="Nobody has this role" />}
          />
        </section>
      )}
    </AccessPage>
  )
}
