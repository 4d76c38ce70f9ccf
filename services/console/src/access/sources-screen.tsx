import { useCan, useMe } from '../api/me-context.ts'
import { useRead } from '../api/use-api.ts'
import { Badge } from '../parts/chips.tsx'
import { EmptyState, Reading } from '../parts/states.tsx'
import { Table } from '../parts/table.tsx'
import { Link } from '../router/link.tsx'
import { AccessPage } from './frame.tsx'
import { GuardrailsCard } from './guardrails-card.tsx'
import { sources } from './model.ts'

/** The org's data sources, what of each I may query, and the guardrails over all of them. */
export default function SourcesScreen() {
  const me = useMe()
  const can = useCan()
  const read = useRead('/api/v1/data-sources?limit=200', sources)
  return (
    <AccessPage title="Data sources">
      <Reading read={read} lines={4}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState title="No data source">
              <p>The operators of this Gatehouse connect data sources to an org.</p>
            </EmptyState>
          ) : (
            <Table
              caption="Data sources"
              isCaptionHidden
              rows={items}
              rowKey={({ uid }) => uid}
              columns={[
                { id: 'name', title: 'Name', sortBy: ({ name }) => name, cell: ({ name }) => name },
                { id: 'uid', title: 'uid', cell: ({ uid }) => <code>{uid}</code> },
                {
                  id: 'tenant',
                  title: 'Tenant label',
                  isExtra: true,
                  cell: ({ tenantLabel }) => <code>{tenantLabel}</code>,
                },
                {
                  id: 'mine',
                  title: 'You',
                  cell: ({ uid }) =>
                    me.dataSources.some((source) => source.uid === uid) ? (
                      <Badge kind="good">may query it</Badge>
                    ) : (
                      'see no series of it'
                    ),
                },
                {
                  id: 'who',
                  title: 'Others',
                  cell: ({ uid }) =>
                    can('access:explain') ? (
                      <Link to={`/access/who?source=${encodeURIComponent(uid)}&selector=%7B%7D`}>
                        Who can see it
                      </Link>
                    ) : (
                      '–'
                    ),
                },
              ]}
            />
          )
        }
      </Reading>
      {can('guardrails:read') && <GuardrailsCard />}
    </AccessPage>
  )
}
