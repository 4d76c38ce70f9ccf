import type { Transaction } from '../transaction.ts'

/** A request that wants to be done once, as its principal names it. */
export interface IdempotencyKey {
  /** Kind and uid, `user:u-1`. */
  readonly principal: string
  readonly key: string
  /** SHA-256 of method, path and body, lower-case hex. */
  readonly request: string
}

/** What was answered under a key, and to which request. */
export interface KeptAnswer {
  readonly request: string
  readonly answer: unknown
}

const keptFor = '1 day'

/** The answer kept under a key of the entered org during the last day. */
export async function findAnswer(
  tx: Transaction,
  { principal, key }: IdempotencyKey,
): Promise<KeptAnswer | undefined> {
  const [row] = await tx.rows<{ request: string; answer: unknown }>(
    `select request, answer from idempotency_keys
     where org_uid = app_org() and principal = $1 and key = $2 and created_at > now() - $3::interval`,
    [principal, key, keptFor],
  )
  return row
}

/** Waits until no other transaction does what is named by this key, until the end of this one. */
export async function lockKey(tx: Transaction, { principal, key }: IdempotencyKey): Promise<void> {
  await tx.rows(`select pg_advisory_xact_lock(hashtextextended('once ' || app_org() || ' ' || $1, 0))`, [
    `${principal} ${key}`,
  ])
}

/**
 * Keeps an answer under its key, and drops those of the org that are older than a day.
 * @throws GatehouseError `conflict` if another request used the key at the same moment.
 */
export async function keepAnswer(tx: Transaction, key: IdempotencyKey, answer: unknown): Promise<void> {
  await tx.rows(
    'delete from idempotency_keys where org_uid = app_org() and created_at <= now() - $1::interval',
    [keptFor],
  )
  await tx.rows(
    'insert into idempotency_keys (org_uid, principal, key, request, answer) values (app_org(), $1, $2, $3, $4)',
    [key.principal, key.key, key.request, JSON.stringify(answer)],
  )
}
