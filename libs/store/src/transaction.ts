import type pg from 'pg'
import { GatehouseError } from '@gatehouse/errors'
import { storeError } from './errors.ts'
import type { Pool } from './pool.ts'

/** A row as the driver gives it: values by column name. */
export type Row = pg.QueryResultRow

/** Statements inside one transaction. */
export interface Transaction {
  /** Runs one statement; its rows. Values go in as `$1`, `$2`, …, never into the text. */
  rows<R extends Row>(sql: string, values?: readonly unknown[]): Promise<R[]>
}

/** A transaction that entered an org: row-level security shows it that org and no other. */
export interface OrgTransaction extends Transaction {
  readonly orgUid: string
}

function transactionOn(client: pg.PoolClient): Transaction {
  return {
    async rows<R extends Row>(sql: string, values: readonly unknown[] = []) {
      const result = await client.query<R>(sql, [...values])
      return result.rows
    },
  }
}

/** How a transaction reads: `readOnly` sees one state of the database from its first statement to its last. */
export interface TransactionOptions {
  readonly readOnly?: boolean
}

/**
 * Runs `work` in one transaction, committed when it resolves and rolled back when it throws. It sees no org's rows;
 * only this package's look-ups use it as it is.
 * @throws GatehouseError as {@link storeError}.
 */
export async function withTransaction<T>(
  pool: Pool,
  work: (tx: Transaction) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  const client = await pool.connect().catch((error: unknown) => {
    throw storeError(error)
  })
  let broken: Error | undefined
  try {
    await client.query(
      options.readOnly === true ? 'begin isolation level repeatable read read only' : 'begin',
    )
    const result = await work(transactionOn(client))
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback').catch((failure: unknown) => {
      broken = failure instanceof Error ? failure : new Error(String(failure))
    })
    throw storeError(error)
  } finally {
    client.release(broken)
  }
}

/** Makes a running transaction act in an org from here on. For changes that span orgs; everything else uses {@link withOrg}. */
export async function enterOrg(tx: Transaction, orgUid: string): Promise<OrgTransaction> {
  await tx.rows(`select set_config('app.org', $1, true)`, [orgUid])
  return { rows: tx.rows, orgUid }
}

/**
 * The only way to an org's rows: runs `work` in a transaction that entered `orgUid`.
 * @throws GatehouseError as {@link storeError}.
 * @example const teams = await withOrg(pool, 'health', (tx) => listTeams(tx))
 */
export async function withOrg<T>(
  pool: Pool,
  orgUid: string,
  work: (tx: OrgTransaction) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  return withTransaction(pool, async (tx) => work(await enterOrg(tx, orgUid)), options)
}

/**
 * Makes a running transaction read access settings as they were at `at` (ms since the epoch), with the statements that read those of now.
 * @throws GatehouseError `bad_data` for a time before those settings are known.
 */
export async function enterTime(tx: OrgTransaction, at: number): Promise<void> {
  const time = new Date(at).toISOString()
  await tx.rows(
    `select set_config('app.as_of', $1, true), set_config('search_path', 'as_of, public', true)`,
    [time],
  )
  const [known] = await tx.rows('select 1 from orgs where uid = app_org()')
  if (known !== undefined) return
  const [first] = await tx.rows<{ at: Date | null }>(
    'select min(at) as at from policy_history where org_uid = app_org()',
  )
  const since = first?.at?.toISOString() ?? 'now'
  throw new GatehouseError(
    'bad_data',
    `access settings are known since ${since}; before that, only today's can be asked`,
  )
}
