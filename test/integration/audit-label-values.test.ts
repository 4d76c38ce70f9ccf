import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sampleEvent } from '@gatehouse/audit/sample'
import {
  createAuditWriter,
  createLabelValues,
  createPool,
  labelValueHash,
  revealLabelValues,
  searchEvents,
  withAudit,
} from '@gatehouse/store'
import pg from 'pg'
import { expect, it } from 'vitest'
import { freshDatabase } from '../support/postgres.ts'

it('label values are nowhere in the clear, can be searched by their hash, and revealed in their org with the key', async () => {
  const database = await freshDatabase()
  const pool = createPool({ url: database.appUrl })
  const dir = mkdtempSync(join(tmpdir(), 'gatehouse-audit-'))
  const key = Buffer.alloc(32, 9)
  const policy = { keep: new Set(['tenant']) }
  const labelValues = createLabelValues(key, (org) => (org === 'health' ? policy : undefined))
  const writer = await createAuditWriter({ dir, writerId: 'gw', pool, labelValues })
  const query = 'visits_total{patient="A-nn"}'
  const request = { method: 'GET', route: 'query', query }
  for (let n = 1; n <= 3; n++)
    await writer.append(sampleEvent(n, { orgUid: 'health', request, enforced: [query] }))
  await writer.append(
    sampleEvent(4, { orgUid: 'transport', request: { ...request, query: 'up{bus="Nine"}' } }),
  )
  const spooled = readdirSync(join(dir, 'gw'))
    .filter((name) => name.endsWith('.ndjson'))
    .map((name) => readFileSync(join(dir, 'gw', name), 'utf8'))
    .join('')
  await writer.close()
  expect(spooled).not.toContain('A-nn')
  expect(spooled).toContain('Nine')

  const admin = new pg.Client({ connectionString: database.adminUrl })
  await admin.connect()
  const everything = await admin.query('select event::text, words::text from audit_events')
  const sealed = await admin.query('select hash, label, sealed from audit_label_values')
  await admin.end()
  expect(JSON.stringify(everything.rows)).not.toMatch(/A-nn/)
  expect(sealed.rows).toHaveLength(1)

  const hash = labelValueHash(key, 'health', 'patient', 'A-nn')
  const scope = { org: 'health' }
  const found = await withAudit(pool, scope, (tx) => searchEvents(tx, { text: hash }, { limit: 10 }))
  expect(found.events).toHaveLength(3)
  const reveal = (org: string, with_: Buffer): Promise<unknown> =>
    withAudit(pool, { org }, (tx) => revealLabelValues(tx, with_, [hash]))
  expect(await reveal('health', key)).toEqual([{ hash, label: 'patient', value: 'A-nn' }])
  expect(await reveal('transport', key)).toEqual([])
  await expect(reveal('health', Buffer.alloc(32, 1))).rejects.toThrow()
  await pool.end()
  await database.drop()
  rmSync(dir, { recursive: true })
})
