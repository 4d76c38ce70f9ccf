import { useMemo } from 'react'
import { useRead } from '../../api/use-api.ts'
import { Badge } from '../../parts/chips.tsx'
import { Promql, PromqlDiff } from '../../parts/promql.tsx'
import { ErrorState, Skeleton } from '../../parts/states.tsx'
import { contentSchema, dashboardPath } from '../data/api.ts'
import { readBoard } from '../model/board.ts'
import { type BoardChange, changesQueries, diffBoards } from '../model/board-diff.ts'

const kinds = { added: 'good', removed: 'danger', changed: 'caution' } as const
const titles = { added: 'Added', removed: 'Removed', changed: 'Changed' } as const

function Queries({ queries }: Pick<BoardChange, 'queries'>) {
  return queries.map(({ refId, before, after }) => (
    <div key={refId} className="stack-tight">
      <span className="small muted">
        Query {refId} {before === undefined ? 'added' : after === undefined ? 'removed' : 'changed'}
      </span>
      {before !== undefined && after !== undefined ? (
        <PromqlDiff before={before} after={after} />
      ) : (
        <Promql text={after ?? before ?? ''} />
      )}
    </div>
  ))
}

/** What differs between two versions, in the words of somebody who looks at the dashboard. */
export function VersionDiff({
  uid,
  from,
  to,
}: {
  readonly uid: string
  readonly from: number
  readonly to: number
}) {
  const before = useRead(dashboardPath(uid, `/versions/${from}`), contentSchema)
  const after = useRead(dashboardPath(uid, `/versions/${to}`), contentSchema)
  const changes = useMemo(() => {
    if (before.value === undefined || after.value === undefined) return undefined
    return diffBoards(readBoard(before.value.content), readBoard(after.value.content))
  }, [before.value, after.value])
  const error = before.error ?? after.error
  if (error !== undefined) return <ErrorState error={error} />
  if (changes === undefined) return <Skeleton lines={4} label="Comparing" />
  return (
    <section className="stack" aria-labelledby="diff-title">
      <h2 id="diff-title">
        From version {from} to {to}
      </h2>
      {changes.length === 0 ? (
        <p>Nothing that is shown differs.</p>
      ) : (
        <>
          <p className="muted">
            {changesQueries(changes)
              ? 'Queries or variables differ: an approval of the one does not hold for the other.'
              : 'The queries are the same: an approval of the one holds for the other.'}
          </p>
          <ul className="stack divided" role="list">
            {changes.map(({ kind, what, queries, properties }, i) => (
              <li key={`${what} ${i}`} className="stack-tight">
                <span className="row">
                  <Badge kind={kinds[kind]}>{titles[kind]}</Badge>
                  <strong>{what}</strong>
                  {properties.length > 0 ? <span className="muted">{properties.join(', ')}</span> : null}
                </span>
                <Queries queries={queries} />
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  )
}
