import { randomUUID } from 'node:crypto'
import { toGatehouseError } from '@gatehouse/errors'
import type { StopRule } from '@gatehouse/query'
import { listen } from '../listen.ts'
import { lookUp } from '../look-up.ts'
import type { Pool } from '../pool.ts'
import type { OrgTransaction } from '../transaction.ts'

/** What is stopped: a tenant, a principal, or the shape of a query. */
export type StopKind = 'tenant' | 'principal' | 'fingerprint'

/** An order to refuse queries, as it is stored. Times are ms since the epoch. */
export interface StoredStop {
  readonly uid: string
  readonly kind: StopKind
  readonly value: string
  readonly reason: string
  readonly createdBy: string
  readonly createdAt: number
  readonly expiresAt: number | undefined
}

interface StopRow {
  readonly uid: string
  readonly kind: StopKind
  readonly value: string
  readonly reason: string
  readonly created_by: string
  readonly created_at: Date
  readonly expires_at: Date | null
}

/** The orders in the entered org, newest first; those that have ended are forgotten. */
export async function listStops(tx: OrgTransaction): Promise<readonly StoredStop[]> {
  const rows = await tx.rows<StopRow & Record<string, unknown>>(
    `select uid, kind, value, reason, created_by, created_at, expires_at from query_stops
     where org_uid = app_org() and (expires_at is null or expires_at > now()) order by created_at desc, uid`,
  )
  return rows.map(({ created_by, created_at, expires_at, ...rest }) => ({
    ...rest,
    createdBy: created_by,
    createdAt: created_at.getTime(),
    expiresAt: expires_at?.getTime(),
  }))
}

/** Gives an order. @returns its uid. */
export async function createStop(
  tx: OrgTransaction,
  stop: Omit<StoredStop, 'uid' | 'createdAt'>,
): Promise<string> {
  const uid = randomUUID()
  const { kind, value, reason, createdBy, expiresAt } = stop
  await tx.rows(`delete from query_stops where org_uid = app_org() and expires_at < now()`)
  await tx.rows(
    `insert into query_stops (org_uid, uid, kind, value, reason, created_by, expires_at)
     values (app_org(), $1, $2, $3, $4, $5, $6)`,
    [uid, kind, value, reason, createdBy, expiresAt === undefined ? null : new Date(expiresAt)],
  )
  return uid
}

/** Takes an order back. @returns whether there was one. */
export async function deleteStop(tx: OrgTransaction, uid: string): Promise<boolean> {
  const rows = await tx.rows('delete from query_stops where org_uid = app_org() and uid = $1 returning 1', [
    uid,
  ])
  return rows.length > 0
}

/** An operator's wish to end a query that runs, wherever it does. */
export interface Cancellation {
  readonly orgUid: string
  /** Of the running query. */
  readonly uid: string
  readonly reason: string
}

const channel = 'gatehouse_queries'

/** Tells every gateway to end a query; sent when the transaction is committed. */
export async function cancelQuery(
  tx: OrgTransaction,
  cancellation: Omit<Cancellation, 'orgUid'>,
): Promise<void> {
  const payload: Cancellation = { ...cancellation, orgUid: tx.orgUid }
  await tx.rows('select pg_notify($1, $2)', [channel, JSON.stringify(payload)])
}

/** The orders of all orgs, as a gateway process obeys them. */
export interface StopStore {
  /** Those in force when they were last read. */
  current(): readonly StopRule[]
  close(): Promise<void>
}

export interface StopStoreOptions {
  readonly pool: Pool
  /** Called with every change of the orders. */
  readonly onChange: (rules: readonly StopRule[]) => void
  readonly onCancel: (cancellation: Cancellation) => void
  readonly onError: (error: Error) => void
}

/** Even if no notification comes, an order is obeyed within this time; ms. */
const pollMs = 1_500

function targetOf(orgUid: string, kind: StopKind, value: string): StopRule['target'] {
  switch (kind) {
    case 'tenant':
      return { kind, orgUid, tenant: value }
    case 'principal':
      return { kind, orgUid, principalUid: value }
    case 'fingerprint':
      return { kind, orgUid, fingerprint: value }
  }
}

async function readStops(pool: Pool): Promise<readonly StopRule[]> {
  const rows = await lookUp<{
    org_uid: string
    uid: string
    kind: StopKind
    value: string
    reason: string
    expires_at: Date | null
  }>(pool, 'select * from query_stops_in_force() order by org_uid, uid', [])
  return rows.map(({ org_uid, uid, kind, value, reason, expires_at }) => ({
    uid,
    target: targetOf(org_uid, kind, value),
    reason,
    expiresAt: expires_at?.getTime(),
  }))
}

/** Keeps the orders up to date; must be closed. Without Postgres those last known stay in force. */
export function createStopStore({ pool, onChange, onCancel, onError }: StopStoreOptions): StopStore {
  let rules: readonly StopRule[] = []
  let known = '[]'
  let timer: NodeJS.Timeout | undefined
  let isClosed = false
  const report = (error: unknown): void => onError(toGatehouseError(error))

  const refresh = async (): Promise<void> => {
    const read = await readStops(pool)
    const text = JSON.stringify(read)
    if (text === known) return
    rules = read
    known = text
    onChange(rules)
  }
  const poll = async (): Promise<void> => {
    await refresh().catch(report)
    if (!isClosed) timer = setTimeout(() => void poll(), pollMs)
  }
  void poll()
  const listening = listen(pool, channel, {
    onNotification(payload) {
      if (payload === '') void refresh().catch(report)
      else onCancel(JSON.parse(payload) as Cancellation)
    },
    onConnected: () => void refresh().catch(report),
    onError: report,
  })
  return {
    current: () => rules,
    async close() {
      isClosed = true
      clearTimeout(timer)
      await listening.close()
    },
  }
}
