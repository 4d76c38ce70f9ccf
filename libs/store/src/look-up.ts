import { storeError } from './errors.ts'
import type { Pool } from './pool.ts'

/** Runs one look-up outside any org. Throws as {@link storeError}. */
export async function lookUp<R extends Record<string, unknown>>(
  pool: Pool,
  sql: string,
  values: readonly unknown[],
): Promise<R[]> {
  try {
    return (await pool.query<R>(sql, [...values])).rows
  } catch (error) {
    throw storeError(error)
  }
}
