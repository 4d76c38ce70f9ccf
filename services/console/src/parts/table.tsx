import { type ReactNode, useState } from 'react'
import { Icon } from './icon.tsx'
import { useWindow } from './use-window.ts'

/** One column: how a row is shown in it and, if it can be sorted by, what stands for it then. */
export interface Column<T> {
  readonly id: string
  readonly title: ReactNode
  readonly cell: (row: T) => ReactNode
  readonly sortBy?: (row: T) => string | number
  readonly isNumber?: boolean
  /** Left out on narrow screens; what is in it must be found elsewhere. */
  readonly isExtra?: boolean
}

export interface TableProps<T> {
  /** What the table is of; read out before it. */
  readonly caption: string
  readonly isCaptionHidden?: boolean
  readonly columns: readonly Column<T>[]
  readonly rows: readonly T[]
  readonly rowKey: (row: T) => string
  /** Opens a row's details; its first column becomes the button. */
  readonly onOpen?: (row: T) => void
  /** Rows of one line each, so that thousands can be shown: only those in view are drawn. */
  readonly isLong?: boolean
}

interface Order {
  readonly id: string
  readonly isDown: boolean
}

function compare(a: string | number, b: string | number): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return String(a).localeCompare(String(b), 'en', { numeric: true })
}

/** `rows` by the column of `order`; equal ones keep their order. */
export function sortRows<T>(
  rows: readonly T[],
  columns: readonly Column<T>[],
  order: Order | undefined,
): readonly T[] {
  const by = columns.find(({ id }) => id === order?.id)?.sortBy
  if (by === undefined) return rows
  const sign = order?.isDown === true ? -1 : 1
  return rows.toSorted((a, b) => sign * compare(by(a), by(b)))
}

function Head<T>({
  column: { id, title, sortBy, isNumber, isExtra },
  order,
  onOrder,
}: {
  readonly column: Column<T>
  readonly order: Order | undefined
  readonly onOrder: (order: Order) => void
}) {
  const isSorted = order?.id === id
  const direction = isSorted ? (order.isDown ? 'descending' : 'ascending') : undefined
  const classes = `${isNumber ? 'number' : ''} ${isExtra ? 'extra' : ''}`
  return (
    <th scope="col" className={classes} aria-sort={direction}>
      {sortBy === undefined ? (
        title
      ) : (
        <button
          type="button"
          className={`sort ${direction ?? ''}`}
          onClick={() => onOrder({ id, isDown: isSorted && !order.isDown })}
        >
          {title}
          <Icon name="down" />
        </button>
      )}
    </th>
  )
}

function Row<T>({
  row,
  index,
  columns,
  onOpen,
}: Pick<TableProps<T>, 'columns' | 'onOpen'> & { readonly row: T; readonly index: number | undefined }) {
  return (
    <tr aria-rowindex={index === undefined ? undefined : index + 2}>
      {columns.map(({ id, cell, isNumber, isExtra }, i) => (
        <td key={id} className={`${isNumber ? 'number' : ''} ${isExtra ? 'extra' : ''}`}>
          {i === 0 && onOpen !== undefined ? (
            <button type="button" className="link" onClick={() => onOpen(row)}>
              {cell(row)}
            </button>
          ) : (
            cell(row)
          )}
        </td>
      ))}
    </tr>
  )
}

/** A table that scrolls within itself, sorts by its headings, and draws only what is in view if it is long. */
export function Table<T>(props: TableProps<T>) {
  const { caption, isCaptionHidden = false, columns, rows, rowKey, isLong = false } = props
  const [order, setOrder] = useState<Order>()
  const sorted = sortRows(rows, columns, order)
  const { box, from, until, before, after } = useWindow(sorted.length, isLong)
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a box that scrolls must be reachable by keyboard
    <div
      ref={box}
      className={`table-scroll ${isLong ? 'table-long' : ''}`}
      tabIndex={0}
      role="region"
      aria-label={caption}
    >
      <table className="table" aria-rowcount={isLong ? sorted.length + 1 : undefined}>
        <caption className={isCaptionHidden ? 'visually-hidden' : undefined}>{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <Head key={column.id} column={column} order={order} onOrder={setOrder} />
            ))}
          </tr>
        </thead>
        <tbody>
          {before > 0 && <Gap height={before} columns={columns.length} />}
          {sorted.slice(from, until).map((row, i) => (
            <Row key={rowKey(row)} {...props} row={row} index={isLong ? from + i : undefined} />
          ))}
          {after > 0 && <Gap height={after} columns={columns.length} />}
        </tbody>
      </table>
    </div>
  )
}

/** The room of rows that are not drawn. */
function Gap({ height, columns }: { readonly height: number; readonly columns: number }) {
  return (
    <tr aria-hidden="true" className="gap">
      <td colSpan={columns} style={{ height }} />
    </tr>
  )
}
