import { useMe } from '../api/me-context.ts'
import { EmptyState } from '../parts/states.tsx'
import './explore.css'
import { Explorer } from './explorer.tsx'

/** Asking in PromQL, with what Gatehouse made of the question. */
export default function ExploreScreen() {
  const me = useMe()
  if (me.dataSources.length > 0) return <Explorer />
  return (
    <>
      <div className="screen-head">
        <h1>Explore</h1>
      </div>
      <EmptyState title="No data source is open to you for queries of your own">
        <p>
          You may still open dashboards that were shared with you. To write queries, ask an admin of{' '}
          {me.org.name} for a role such as viewer on a data source.
        </p>
      </EmptyState>
    </>
  )
}
