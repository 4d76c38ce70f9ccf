import { useCan } from '../api/me-context.ts'
import { useRead } from '../api/use-api.ts'
import { Disclosure } from '../parts/disclosure.tsx'
import { Promql } from '../parts/promql.tsx'
import { EmptyState, Reading } from '../parts/states.tsx'
import { Table } from '../parts/table.tsx'
import { Link } from '../router/link.tsx'
import { list } from '../parts/list.ts'
import { useGrantColumns } from './grants-table.tsx'
import { access } from './model.ts'

/** The API speaks to the person themselves; this is about somebody else. */
function viaOfOther(via: string): string {
  return via.startsWith('team ') ? via : 'a grant of their own'
}

/** What a person or service account reaches, all in all, and by which grants. */
export function AccessCard({ path }: { readonly path: string }) {
  const can = useCan()
  const read = useRead(can('access:explain') ? path : undefined, access)
  const columns = useGrantColumns()
  if (!can('access:explain')) return null
  return (
    <>
      <section className="card stack" aria-labelledby="sees">
        <h2 id="sees">What they see</h2>
        <Reading read={read} lines={4}>
          {({ dataSources }) =>
            dataSources.length === 0 ? (
              <p className="muted">No series at all.</p>
            ) : (
              <ul role="list" className="stack divided">
                {dataSources.map(({ uid, name, words, selectors, because }) => (
                  <li key={uid} className="stack-tight">
                    <h3>{name}</h3>
                    <p>
                      {list(words)}, by{' '}
                      {list([
                        ...new Set(because.map(({ role, via }) => `role ${role} through ${viaOfOther(via)}`)),
                      ])}
                      .
                    </p>
                    {selectors.map((selector) => (
                      <Promql key={selector} text={selector} />
                    ))}
                  </li>
                ))}
              </ul>
            )
          }
        </Reading>
      </section>
      <section className="card stack" aria-labelledby="their-grants">
        <h2 id="their-grants">Grants that reach them</h2>
        <Reading read={read} lines={4}>
          {({ grants, permissions }) => (
            <>
              {grants.length === 0 ? (
                <EmptyState title="No grant">
                  {can('grants:create') && (
                    <p>
                      <Link to="/access/grants/new">Make one</Link> to a team of theirs, or to them.
                    </p>
                  )}
                </EmptyState>
              ) : (
                <Table
                  caption="All grants that reach them"
                  isCaptionHidden
                  columns={columns}
                  rows={grants}
                  rowKey={({ uid }) => uid}
                />
              )}
              {permissions.length > 0 && (
                <Disclosure align="start" button={`All ${permissions.length} permissions`}>
                  {() => (
                    <ul>
                      {permissions.map((permission) => (
                        <li key={permission}>
                          <code>{permission}</code>
                        </li>
                      ))}
                    </ul>
                  )}
                </Disclosure>
              )}
            </>
          )}
        </Reading>
      </section>
    </>
  )
}
