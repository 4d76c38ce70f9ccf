import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { sampleEvent } from '@gatehouse/audit/sample'
import { startPostgres, temporaryDir } from '@gatehouse/local'
import { createAuditWriter, createPool, migrate, withAudit } from '@gatehouse/store'
import { afterAll, beforeAll, expect, it } from 'vitest'

const dir = temporaryDir()
const dataDir = join(dir.path, 'postgres')
let postgres: Awaited<ReturnType<typeof startPostgres>>

beforeAll(async () => {
  postgres = await startPostgres({ dataDir, database: 'lazy', durable: false })
})
afterAll(async () => {
  await postgres?.stop()
  dir.remove()
})

it('what was shipped outlives a server that commits lazily and dies at once', async () => {
  const appUrl = Object.assign(new URL(postgres.url), { username: 'lazy_app', password: 'lazy' }).href
  await migrate(postgres.url, { appUrl })
  const pool = createPool({ url: appUrl })
  pool.on('error', () => {})
  const setting = await pool.query<{ synchronous_commit: string }>('show synchronous_commit')
  expect(setting.rows[0]?.synchronous_commit).toBe('off')

  const writer = await createAuditWriter({ dir: join(dir.path, 'spool'), writerId: 'lazy', pool })
  // The first one makes the months' partitions: its transaction is not the one in question.
  for (const n of [1, 2]) {
    await writer.append(sampleEvent(n))
    while (writer.stats().shipped < n) await sleep(1)
  }
  await postgres.kill()
  // Its sessions' processes hold its memory for a moment yet.
  const again = () => startPostgres({ dataDir, database: 'lazy', durable: false, port: postgres.port })
  postgres = await again().catch(() => sleep(2_000).then(again))
  const rows = await withAudit(pool, 'all', (tx) => tx.rows('select id from audit_events'))
  expect(rows).toHaveLength(2)
  await writer.close()
  await pool.end()
}, 60_000)
