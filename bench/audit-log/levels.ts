import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sampleEvent } from '@gatehouse/audit/sample'
import { createAuditWriter, createPool } from '@gatehouse/store'

/** Cost of one durable event at a level, with so many requests at once. */
export interface LevelRow {
  readonly level: 'write' | 'fsync'
  readonly atOnce: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Of the process, all threads. */
  readonly cpuMicros: number
  readonly eventsPerWrite: number
}

async function measure(level: 'write' | 'fsync', atOnce: number, count: number): Promise<LevelRow> {
  const dir = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'))
  // Postgres is away: what is measured is the spool alone.
  const pool = createPool({ url: 'postgres://nobody@127.0.0.1:1/none' })
  const writer = await createAuditWriter({ dir, writerId: 'bench', pool, level, maxBytes: 4 * 2 ** 30 })
  const times: number[] = []
  let next = 0
  const client = async (): Promise<void> => {
    while (next < count) {
      next += 1
      const event = sampleEvent(next)
      const started = performance.now()
      await writer.append(event)
      times.push(performance.now() - started)
    }
  }
  const cpu = process.cpuUsage()
  const started = performance.now()
  await Promise.all(Array.from({ length: atOnce }, client))
  const seconds = (performance.now() - started) / 1_000
  const { user, system } = process.cpuUsage(cpu)
  const { flushes } = writer.stats()
  await writer.close(0)
  await pool.end()
  rmSync(dir, { recursive: true })
  times.sort((a, b) => a - b)
  const at = (share: number): number => times[Math.floor(times.length * share)] ?? Number.NaN
  return {
    level,
    atOnce,
    perSecond: count / seconds,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    cpuMicros: (user + system) / count,
    eventsPerWrite: count / flushes,
  }
}

/** Both levels, with 1 to 128 requests at once. */
export async function measureLevels(): Promise<LevelRow[]> {
  const rows: LevelRow[] = []
  await measure('write', 8, 10_000)
  for (const level of ['write', 'fsync'] as const)
    for (const atOnce of [1, 8, 32, 128]) {
      const count = level === 'write' ? 20_000 : atOnce * 100 + 1_000
      rows.push(await measure(level, atOnce, count))
    }
  return rows
}
