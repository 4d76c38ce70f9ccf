import { useState } from 'react'
import { useRead } from '../api/use-api.ts'
import { Badge } from '../parts/chips.tsx'
import { EmptyState, Reading } from '../parts/states.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { Time } from '../parts/time.tsx'
import { Link } from '../router/link.tsx'
import { AccessPage } from './frame.tsx'
import { type RehearsalSummary, rehearsals } from './model.ts'
import { PersonName } from './person-name.tsx'
import { progressText, stateKinds } from './rehearsal-words.ts'

/** Who began it; those of the command line are nobody's. */
export function BegunBy({ uid }: { readonly uid: string }) {
  return uid === 'gatehouse' ? <>the command line</> : <PersonName uid={uid} />
}

const columns: readonly Column<RehearsalSummary>[] = [
  {
    id: 'begun',
    title: 'Begun',
    sortBy: ({ createdAt }) => createdAt,
    cell: ({ uid, createdAt }) => (
      <Link to={`/access/rehearsals/${encodeURIComponent(uid)}`}>
        <Time at={createdAt} />
      </Link>
    ),
  },
  {
    id: 'state',
    title: 'State',
    sortBy: ({ state }) => state,
    cell: ({ state }) => <Badge kind={stateKinds[state]}>{state}</Badge>,
  },
  { id: 'requests', title: 'Requests looked at', cell: progressText },
  {
    id: 'since',
    title: 'Requests since',
    isExtra: true,
    sortBy: ({ since }) => since,
    cell: ({ since }) => <Time at={since} />,
  },
  { id: 'by', title: 'By', isExtra: true, cell: ({ createdBy }) => <BegunBy uid={createdBy} /> },
  {
    id: 'for',
    title: 'Made for',
    cell: ({ attachedTo }) => attachedTo.map(({ change }) => change).join(', ') || '–',
  },
]

/** Proposed changes of access that were tried on what people really asked. */
export default function RehearsalsScreen() {
  const [isLive, setLive] = useState(false)
  const read = useRead('/api/v1/access/rehearsals', rehearsals, { every: isLive ? 2_000 : undefined })
  const isRunning = read.value?.items.some(({ state }) => state === 'running') ?? false
  if (isRunning !== isLive) setLive(isRunning)
  return (
    <AccessPage
      title="Rehearsals"
      tools={
        <Link to="/access/rehearsals/new" className="button button-small button-main">
          New rehearsal
        </Link>
      }
    >
      <p className="muted">
        A rehearsal tries an access file on the requests of the last days, before it is applied: who would be
        refused, and who would see more or less.
      </p>
      <Reading read={read} lines={6}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState title="No rehearsal yet">
              <p>
                Begin one here with an access file, or run{' '}
                <code>gatehouse policy rehearse proposal.yaml</code>.
              </p>
            </EmptyState>
          ) : (
            <Table
              caption="Rehearsals"
              isCaptionHidden
              columns={columns}
              rows={items}
              rowKey={({ uid }) => uid}
            />
          )
        }
      </Reading>
    </AccessPage>
  )
}
