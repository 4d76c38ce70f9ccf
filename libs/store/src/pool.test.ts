import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { expect, it } from 'vitest'
import { freshDatabase } from '../../../test/support/postgres.ts'
import { createPool } from './pool.ts'
import { withTransaction } from './transaction.ts'

it('a connection that is lost in the middle of a transaction fails it, and not the process', async () => {
  const database = await freshDatabase()
  const heard: Error[] = []
  const pool = createPool({ url: database.appUrl, onError: (error) => heard.push(error) })
  const admin = new pg.Client({ connectionString: database.adminUrl })
  await admin.connect()
  const lost = withTransaction(pool, async (tx) => {
    const [row] = await tx.rows<{ pid: number }>('select pg_backend_pid() as pid')
    await admin.query('select pg_terminate_backend($1)', [row?.pid])
    // No statement is under way when the connection goes.
    for (let i = 0; i < 100 && heard.length === 0; i++) await sleep(20)
    await tx.rows('select 1')
  })
  await expect(lost).rejects.toMatchObject({ code: 'unavailable' })
  expect(heard).not.toEqual([])
  expect(await withTransaction(pool, (tx) => tx.rows('select 1 as one'))).toEqual([{ one: 1 }])
  await admin.end()
  await pool.end()
  await database.drop()
})
