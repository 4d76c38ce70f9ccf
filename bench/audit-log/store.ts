import {
  createPool,
  exportAudit,
  generateSigningKey,
  loadPublicKey,
  loadSigner,
  migrate,
  type Pool,
  sealAudit,
  verifyAudit,
} from '@gatehouse/store'
import pg from 'pg'
import { startAuditApi } from './api.ts'
import { ask, type FilterRow } from './ask.ts'
import { names } from './events.ts'
import { fill, type StoreOptions } from './fill.ts'

/** What was measured. */
export interface StoreReport {
  readonly events: number
  readonly insertedPerSecond: number
  readonly filters: readonly FilterRow[]
  readonly sealedPerSecond: number
  readonly verifiedPerSecond: number
  readonly exportedPerSecond: number
  /** Growth of resident memory while exporting, MiB. */
  readonly exportMiB: number
}

async function measureProof(pool: Pool, onProgress: StoreOptions['onProgress']) {
  const key = generateSigningKey()
  const signer = loadSigner(key.privatePem)
  let started = performance.now()
  let sealed = 0
  for (let events = -1; events !== 0; sealed += events) events = (await sealAudit(pool, signer)).events
  const sealedPerSecond = sealed / ((performance.now() - started) / 1_000)
  onProgress(`sealed ${sealed}`)
  const report = await verifyAudit(pool, { publicKeys: [loadPublicKey(key.publicPem)] })
  if (report.findings.length > 0) throw new Error(JSON.stringify(report.findings))
  onProgress(`verified ${report.events}`)
  const before = process.memoryUsage.rss()
  let peak = before
  started = performance.now()
  const write = async (): Promise<void> => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }
  const { statement } = await exportAudit(pool, { scope: { org: 'org-1' }, filter: {} }, { signer, write })
  const exportSeconds = (performance.now() - started) / 1_000
  return {
    sealedPerSecond,
    verifiedPerSecond: report.events / report.seconds,
    exportedPerSecond: statement.events / exportSeconds,
    exportMiB: (peak - before) / 2 ** 20,
  }
}

async function vacuum(adminUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl })
  await client.connect()
  await client.query('vacuum analyze')
  await client.end()
}

/** Fills a store and asks it what auditors ask. */
export async function measureStore(options: StoreOptions): Promise<StoreReport> {
  const { adminUrl, appUrl, events, onProgress } = options
  await migrate(adminUrl, { appUrl })
  const pool = createPool({ url: appUrl, size: 4 })
  const until = Date.UTC(2026, 0, 1)
  const insertedPerSecond = await fill(pool, options, until)
  onProgress(`inserted ${events} at ${Math.round(insertedPerSecond)}/s`)
  await vacuum(adminUrl)
  const orgs = [0, 1, 2, 3, 4].map((n) => names.org(n / 5))
  const api = await startAuditApi(pool, appUrl, orgs)
  const filters = await ask(api, until, 60)
  await api.close()
  onProgress('asked')
  const proof = await measureProof(pool, onProgress)
  await pool.end()
  return { events, insertedPerSecond, filters, ...proof }
}
