import { useCan } from '../api/me-context.ts'
import { useRead } from '../api/use-api.ts'
import { Badge } from '../parts/chips.tsx'
import { Reading } from '../parts/states.tsx'
import { Table } from '../parts/table.tsx'
import { Link } from '../router/link.tsx'
import { AccessPage } from './frame.tsx'
import { roles } from './model.ts'

/** Roles that come with Gatehouse, and the org's own. */
export default function RolesScreen() {
  const can = useCan()
  const read = useRead('/api/v1/roles?limit=200', roles)
  return (
    <AccessPage
      title="Roles"
      tools={
        can('roles:create') && (
          <Link to="/access/roles/new" className="button button-small button-main">
            New role
          </Link>
        )
      }
    >
      <Reading read={read} lines={8}>
        {({ items }) => (
          <Table
            caption="Roles"
            isCaptionHidden
            rows={items}
            rowKey={({ name }) => name}
            columns={[
              {
                id: 'name',
                title: 'Name',
                sortBy: ({ name }) => name,
                cell: ({ name }) => <Link to={`/access/roles/${encodeURIComponent(name)}`}>{name}</Link>,
              },
              { id: 'what', title: 'For', cell: ({ description }) => description },
              {
                id: 'origin',
                title: 'Comes',
                cell: ({ isShipped }) =>
                  isShipped ? <Badge>with Gatehouse</Badge> : <Badge kind="good">from this org</Badge>,
              },
              {
                id: 'count',
                title: 'Permissions',
                isNumber: true,
                isExtra: true,
                cell: ({ permissions }) => String(permissions.length),
              },
            ]}
          />
        )}
      </Reading>
    </AccessPage>
  )
}
