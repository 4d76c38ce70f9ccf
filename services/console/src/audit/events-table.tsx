import { Button } from '../parts/button.tsx'
import { Badge } from '../parts/chips.tsx'
import { EmptyState, ErrorState, Skeleton } from '../parts/states.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { Time } from '../parts/time.tsx'
import { durationText } from '../parts/quantities.ts'
import type { Item } from './model.ts'
import type { Events } from './use-events.ts'
import { resultKinds, targetText, whoText } from './words.ts'

const columns: readonly Column<Item>[] = [
  { id: 'at', title: 'Time', cell: ({ event }) => <Time at={event.at} /> },
  {
    id: 'result',
    title: 'Decision',
    cell: ({ event: { outcome } }) => <Badge kind={resultKinds[outcome.result]}>{outcome.result}</Badge>,
  },
  { id: 'title', title: 'What', cell: ({ title }) => title },
  { id: 'who', title: 'Who', cell: (one) => whoText(one) },
  { id: 'target', title: 'On what', isExtra: true, cell: (one) => targetText(one) },
  {
    id: 'query',
    title: 'Query or reason',
    isExtra: true,
    cell: ({ event }) => <span className="mono">{event.request?.query ?? event.decision?.reason ?? ''}</span>,
  },
  {
    id: 'duration',
    title: 'Took',
    isNumber: true,
    isExtra: true,
    cell: ({ event }) => durationText(event.outcome.durationMs),
  },
  { id: 'code', title: 'Code', isExtra: true, cell: ({ event }) => <code>{event.code}</code> },
]

/** What happened, newest first; the rest is read when asked for. */
export function EventsTable({
  events: { items, isLoading, error, more, isReadingMore, reload },
  onOpen,
}: {
  readonly events: Events
  readonly onOpen: (id: string) => void
}) {
  if (isLoading) return <Skeleton lines={12} label="Searching the audit log" />
  if (error !== undefined && items.length === 0)
    return <ErrorState error={error} title="The log cannot be searched" onRetry={reload} />
  if (items.length === 0)
    return (
      <EmptyState title="Nothing was logged that fits">
        <p>
          Take a filter away, or look at a longer time. Events appear here a second or two after they happen.
        </p>
      </EmptyState>
    )
  return (
    <div className="stack">
      <Table
        caption="Events"
        isCaptionHidden
        isLong
        columns={columns}
        rows={items}
        rowKey={({ event }) => event.id}
        onOpen={({ event }) => onOpen(event.id)}
      />
      {error !== undefined && <ErrorState error={error} />}
      <div className="row">
        <span className="small muted" role="status">
          {items.length.toLocaleString('en-GB')} shown{more === undefined ? ', these are all' : ''}.
        </span>
        {more !== undefined && (
          <Button isSmall isBusy={isReadingMore} onClick={more}>
            {isReadingMore ? 'Reading…' : 'Show older events'}
          </Button>
        )}
      </div>
    </div>
  )
}
