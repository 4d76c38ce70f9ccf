import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createAuditWriter, type Pool } from '@gatehouse/store'
import { makeEvent, randomFrom } from './events.ts'

/** A running Postgres to fill. */
export interface StoreOptions {
  readonly adminUrl: string
  readonly appUrl: string
  readonly events: number
  readonly onProgress: (text: string) => void
}

const writers = 2
const spoolAhead = 64 << 20

/** Fills the store by way of spools, as gateways do; gives events per second, end to end. */
export async function fill(pool: Pool, { events, onProgress }: StoreOptions, until: number): Promise<number> {
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
