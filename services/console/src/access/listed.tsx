import type { ReactNode } from 'react'
import { Button } from '../parts/button.tsx'
import { ErrorState, Skeleton } from '../parts/states.tsx'
import { type Column, Table } from '../parts/table.tsx'
import type { List } from './use-list.ts'

/** A list as a table, with the button for more of it and what stands there when it is empty. */
export function Listed<T>({
  list: { items, isLoading, error, more, isReadingMore, reload },
  caption,
  columns,
  rowKey,
  empty,
}: {
  readonly list: List<T>
  readonly caption: string
  readonly columns: readonly Column<T>[]
  readonly rowKey: (row: T) => string
  readonly empty: ReactNode
}) {
  if (isLoading) return <Skeleton lines={6} />
  return (
    <div className="stack-tight">
      {error !== undefined && <ErrorState error={error} onRetry={reload} />}
      {items.length === 0 ? (
        error === undefined && empty
      ) : (
        <Table caption={caption} isCaptionHidden columns={columns} rows={items} rowKey={rowKey} />
      )}
      {more !== undefined && (
        <div>
          <Button isSmall isBusy={isReadingMore} onClick={more}>
            Show more
          </Button>
        </div>
      )}
    </div>
  )
}
