import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type AuditFilter,
  auditHistogram,
  type AuditScope,
  createAuditWriter,
  createPool,
  exportAudit,
  generateSigningKey,
  loadPublicKey,
  loadSigner,
  migrate,
  type Pool,
  sealAudit,
  searchEvents,
  verifyAudit,
  withAudit,
} from '@gatehouse/store'
import pg from 'pg'
import { makeEvent, names, randomFrom, spanMs } from './events.ts'

/** A running Postgres to fill. */
export interface StoreOptions {
  readonly adminUrl: string
  readonly appUrl: string
  readonly events: number
  readonly onProgress: (text: string) => void
}

/** How quickly one kind of question is answered, ms. */
export interface FilterRow {
  readonly filter: string
  readonly p50: number
  readonly p95: number
  readonly max: number
}

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

const writers = 2
const spoolAhead = 64 << 20

async function fill(pool: Pool, { events, onProgress }: StoreOptions, until: number): Promise<number> {
  const dir = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'))
  const random = randomFrom(7)
  const open = await Promise.all(
    Array.from({ length: writers }, (_, n) =>
      createAuditWriter({ dir, writerId: `bench-${n}`, pool, maxBytes: 2 ** 30 }),
    ),
  )
  const started = performance.now()
  const group = 200
  for (let i = 0; i < events; i += group) {
    const writer = open[(i / group) % writers]
    if (writer === undefined) break
    while (writer.stats().spoolBytes > spoolAhead) await sleep(20)
    const some = Array.from({ length: Math.min(group, events - i) }, (_, k) =>
      makeEvent(random, i + k, { count: events, until }),
    )
    await Promise.all(some.map((event) => writer.append(event)))
    if (i % 250_000 === 0 && i > 0)
      onProgress(`${i} events, ${Math.round(i / ((performance.now() - started) / 1_000))}/s`)
  }
  for (const writer of open) await writer.close(600_000)
  const seconds = (performance.now() - started) / 1_000
  rmSync(dir, { recursive: true })
  return events / seconds
}

type Question = readonly [name: string, make: (random: () => number) => AuditFilter]

const questions: readonly Question[] = [
  ['no filter', () => ({})],
  ['actor', (r) => ({ actor: names.user(r()) })],
  ['decision', (r) => ({ results: [r() < 0.5 ? 'denied' : 'failed'] })],
  ['data source', (r) => ({ dataSource: names.dataSource(r()) })],
  ['metric', (r) => ({ metric: names.metric(r()) })],
  ['dashboard', (r) => ({ dashboard: names.dashboard(r()) })],
  ['token', (r) => ({ token: names.token(r()) })],
  ['code', (r) => ({ codes: [['A', 'L001', 'Q001D', 'T', 'Q001I'][Math.floor(r() * 5)] ?? 'A'] })],
  [
    'free text',
    (r) => ({ text: [names.metric(r()), `job-${Math.floor(r() * 50)}`][Math.floor(r() * 2)] ?? 'x' }),
  ],
  ['free text, a request id', (r) => ({ text: `r-${Math.floor(r() * 1_000_000).toString(36)}` })],
  ['free text, a name', (r) => ({ text: `Person ${names.user(r())}` })],
  ['actor and metric', (r) => ({ actor: names.user(r()), metric: names.metric(r()) })],
  ['metric and denied', (r) => ({ metric: names.metric(r()), results: ['denied'] })],
  ['slow', () => ({ minDurationMs: 490 })],
  ['nothing there', (r) => ({ metric: `none_${Math.floor(r() * 1e6)}` })],
]

const day = 86_400_000

/** The filter with the range an auditor would look at: a week, a month, or all. */
function within(filter: AuditFilter, random: () => number, until: number): AuditFilter {
  const kind = Math.floor(random() * 3)
  if (kind === 2) return filter
  const length = kind === 0 ? 7 * day : 30 * day
  const from = until - spanMs + random() * (spanMs - length)
  return { ...filter, from: new Date(from).toISOString(), to: new Date(from + length).toISOString() }
}

async function timed(runs: number, name: string, run: () => Promise<unknown>): Promise<FilterRow> {
  const times: number[] = []
  for (let i = 0; i < runs; i++) {
    const started = performance.now()
    await run()
    times.push(performance.now() - started)
  }
  times.sort((a, b) => a - b)
  const at = (share: number): number => times[Math.min(runs - 1, Math.floor(runs * share))] ?? Number.NaN
  return { filter: name, p50: at(0.5), p95: at(0.95), max: times.at(-1) ?? Number.NaN }
}

async function ask(pool: Pool, until: number): Promise<FilterRow[]> {
  const random = randomFrom(11)
  const scope = (): AuditScope => (random() < 0.5 ? 'all' : { org: names.org(random()) })
  const rows: FilterRow[] = []
  for (const [name, make] of questions)
    rows.push(
      await timed(40, name, () =>
        withAudit(pool, scope(), (tx) =>
          searchEvents(tx, within(make(random), random, until), { limit: 50 }),
        ),
      ),
    )
  const from = new Date(until - spanMs).toISOString()
  const to = new Date(until).toISOString()
  rows.push(
    await timed(10, 'histogram of all', () =>
      withAudit(pool, scope(), (tx) => auditHistogram(tx, { from, to })),
    ),
    await timed(10, 'histogram of a dashboard', () =>
      withAudit(pool, scope(), (tx) =>
        auditHistogram(tx, { from, to, dashboard: names.dashboard(random()) }),
      ),
    ),
  )
  return rows
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
  const filters = await ask(pool, until)
  onProgress('asked')
  const proof = await measureProof(pool, onProgress)
  await pool.end()
  return { events, insertedPerSecond, filters, ...proof }
}
