import type { ReactNode } from 'react'
import * as z from 'zod/mini'
import { type Column, Table } from '../parts/table.tsx'
import { Time } from '../parts/time.tsx'

export const session = z.object({
  uid: z.string(),
  address: z.nullable(z.string()),
  userAgent: z.nullable(z.string()),
  createdAt: z.string(),
  lastSeenAt: z.string(),
})
export type Session = z.output<typeof session>

const columns: readonly Column<Session>[] = [
  { id: 'since', title: 'Since', cell: ({ createdAt }) => <Time at={createdAt} /> },
  { id: 'seen', title: 'Last used', cell: ({ lastSeenAt }) => <Time at={lastSeenAt} isRelative /> },
  { id: 'address', title: 'From', cell: ({ address }) => address ?? 'unknown' },
  { id: 'agent', title: 'With', isExtra: true, cell: ({ userAgent }) => userAgent ?? 'unknown' },
]

/** Where somebody is signed in, with what can be done about each. */
export function SessionsTable<T extends Session>({
  caption,
  items,
  end,
}: {
  readonly caption: string
  readonly items: readonly T[]
  readonly end: (one: T) => ReactNode
}) {
  const title = <span className="visually-hidden">What you can do</span>
  return (
    <Table
      caption={caption}
      isCaptionHidden
      rows={items}
      rowKey={({ uid }) => uid}
      columns={[...columns, { id: 'end', title, cell: end }]}
    />
  )
}
