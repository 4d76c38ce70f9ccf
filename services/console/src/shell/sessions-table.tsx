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

const browsers = [
  [/\bEdgA?\/(\d+)/, 'Edge'],
  [/\bOPR\/(\d+)/, 'Opera'],
  [/\bFirefox\/(\d+)/, 'Firefox'],
  [/\b(?:Headless)?Chrome\/(\d+)/, 'Chrome'],
  [/\bVersion\/(\d+)[\d.]* (?:Mobile\/\S+ )?Safari\//, 'Safari'],
] as const
const systems = [
  [/\bAndroid\b/, 'Android'],
  [/\b(iPhone|iPad)\b/, 'iOS'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bLinux\b/, 'Linux'],
] as const

/** A browser's name for itself in a few words; anything else as it is. */
export function agentText(userAgent: string): string {
  for (const [pattern, name] of browsers) {
    const version = pattern.exec(userAgent)?.[1]
    if (version === undefined) continue
    const system = systems.find(([known]) => known.test(userAgent))?.[1]
    return `${name} ${version}${system === undefined ? '' : ` on ${system}`}`
  }
  return userAgent
}

const columns: readonly Column<Session>[] = [
  { id: 'since', title: 'Since', cell: ({ createdAt }) => <Time at={createdAt} /> },
  { id: 'seen', title: 'Last used', cell: ({ lastSeenAt }) => <Time at={lastSeenAt} isRelative /> },
  { id: 'address', title: 'From', cell: ({ address }) => address ?? 'unknown' },
  {
    id: 'agent',
    title: 'With',
    isExtra: true,
    cell: ({ userAgent }) => (userAgent === null ? 'unknown' : agentText(userAgent)),
  },
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
