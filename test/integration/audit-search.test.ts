import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AuditEvent, EventCode } from '@gatehouse/audit'
import { eventClass, eventTime, uuidV7 } from '@gatehouse/audit'
import { sampleEvent } from '@gatehouse/audit/sample'
import {
  type AuditFilter,
  auditHistogram,
  type AuditScope,
  createAuditWriter,
  createPool,
  findEvent,
  followEvents,
  type Pool,
  searchEvents,
  withAudit,
  withoutQueries,
} from '@gatehouse/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshDatabase, type TestDatabase } from '../support/postgres.ts'

const start = Date.parse('2025-10-31T23:00:00Z')
const codes: readonly EventCode[] = ['Q001I', 'Q001D', 'Q001E', 'A004I', 'L001D']
const results = ['allowed', 'denied', 'failed', 'allowed', 'denied'] as const

function at<T>(list: readonly T[], i: number): T {
  const value = list[i % list.length]
  if (value === undefined) throw new Error('empty list')
  return value
}

/** Event `i`: every filtered field cycles with a period of its own. */
function made(i: number): AuditEvent {
  const base = sampleEvent(i)
  const epoch = start + i * 37_000
  const metric = `metric_${i % 7}_total`
  return {
    ...base,
    id: uuidV7(epoch, `00000000-0000-4000-8000-${i.toString(16).padStart(12, '0')}`),
    at: eventTime(epoch),
    code: at(codes, i),
    orgUid: at(['transport', 'health', null], i),
    actor: base.actor && {
      ...base.actor,
      uid: `u-${i % 4}`,
      name: `Person ${at(['Ada', 'Bob', 'Chloé', 'Dan'], i)}`,
      credential: i % 2 === 0 ? { kind: 'token', id: `t-${i % 6}` } : { kind: 'session', id: 's' },
    },
    from: { address: `192.0.2.${i % 9}` },
    // Some are longer than what is searched for words.
    request: {
      method: 'GET',
      route: 'query',
      query: `rate(${metric}{job="x${i % 11}"}[5m])${i % 50 === 3 ? ' or '.padEnd(9_000, 'up or ') : ''}`,
    },
    metrics: [metric, 'up'],
    outcome: { ...base.outcome, result: at(results, i), durationMs: i, bytes: i * 10 },
    plan: base.plan && { ...base.plan, dataSource: `ds-${i % 3}` },
    hints: { dashboardUid: `d-${i % 5}` },
  }
}

const all = Array.from({ length: 400 }, (_, i) => made(i + 1))
let database: TestDatabase
let pool: Pool
let dir: string

beforeAll(async () => {
  database = await freshDatabase()
  pool = createPool({ url: database.appUrl })
  dir = mkdtempSync(join(tmpdir(), 'gatehouse-audit-'))
  const writer = await createAuditWriter({ dir, writerId: 'search', pool })
  await Promise.all(all.map((event) => writer.append(event)))
  await writer.close()
})
afterAll(async () => {
  await pool.end()
  await database.drop()
  rmSync(dir, { recursive: true })
})

async function search(scope: AuditScope, filter: AuditFilter, limit = 1_000): Promise<string[]> {
  const page = await withAudit(pool, scope, (tx) => searchEvents(tx, filter, { limit }))
  return page.events.map(({ event }) => event.id)
}

const cases: readonly (readonly [AuditFilter, (event: AuditEvent) => boolean])[] = [
  [{}, () => true],
  [
    { from: '2025-11-01T00:00:00Z', to: '2025-11-01T01:00:00Z' },
    (e) => e.at >= '2025-11-01T00:00:00' && e.at < '2025-11-01T01:00:00',
  ],
  [{ actor: 'u-1' }, (e) => e.actor?.uid === 'u-1'],
  [{ actor: 'nobody' }, () => false],
  [{ action: 'datasources:query' }, () => true],
  [{ results: ['denied', 'failed'] }, (e) => e.outcome.result !== 'allowed'],
  [{ classes: ['change', 'identity'] }, (e) => eventClass(e.code) !== 'query'],
  [{ codes: ['Q', 'A004I'] }, (e) => /^Q|^A004I$/.test(e.code)],
  [{ codes: ["'); --"] }, () => false],
  [{ dataSource: 'ds-2' }, (e) => e.plan?.dataSource === 'ds-2'],
  [{ metric: 'metric_3_total' }, (e) => e.metrics.includes('metric_3_total')],
  [{ dashboard: 'd-4' }, (e) => e.hints?.['dashboardUid'] === 'd-4'],
  [{ token: 't-4' }, (e) => e.actor?.credential.id === 't-4'],
  [{ address: '192.0.2.8' }, (e) => e.from.address === '192.0.2.8'],
  [{ minDurationMs: 300, minBytes: 3_500 }, (e) => e.outcome.durationMs >= 350],
  [{ text: 'x10 RATE' }, (e) => e.request.query?.includes('x10') === true],
  [{ text: 'metric_5_t' }, (e) => e.metrics.includes('metric_5_total')],
  [{ text: 'chloé' }, (e) => e.actor?.name === 'Person Chloé'],
  [{ text: "x1' | 'x2" }, () => false],
  [{ text: ' ' }, () => true],
  [
    { metric: 'up', results: ['denied'], dataSource: 'ds-1', actor: 'u-2' },
    (e) => e.outcome.result === 'denied' && e.plan?.dataSource === 'ds-1' && e.actor?.uid === 'u-2',
  ],
]

describe('searching', () => {
  it.each(cases)('by %j finds what it should, in every scope', async (filter, matches) => {
    for (const scope of ['all', { org: 'health' }, { org: 'nobody' }] as const) {
      const expected = all.filter((e) => matches(e) && (scope === 'all' || e.orgUid === scope.org))
      expect(await search(scope, filter)).toEqual(expected.map((e) => e.id).reverse())
    }
  })

  it('pages through everything once, in either order', async () => {
    for (const first of ['newest', 'oldest'] as const) {
      const seen: string[] = []
      let cursor: string | undefined
      do {
        const page = await withAudit(pool, { org: 'transport' }, (tx) =>
          searchEvents(tx, {}, { limit: 17, cursor, first }),
        )
        seen.push(...page.events.map(({ event }) => event.id))
        cursor = page.next
      } while (cursor !== undefined)
      const expected = all.filter((e) => e.orgUid === 'transport').map((e) => e.id)
      expect(seen).toEqual(first === 'oldest' ? expected : expected.reverse())
    }
  })

  it('pages over a turn of the month, with bounds in another zone', async () => {
    const bounds = { from: '2025-10-31T18:00:00-05:00', to: '2025-10-31T20:30:00-05:00' }
    const inside = all.filter((e) => e.at < '2025-11-01T01:30:00')
    for (const first of ['newest', 'oldest'] as const) {
      const seen: string[] = []
      let cursor: string | undefined
      do {
        const page = await withAudit(pool, 'all', (tx) =>
          searchEvents(tx, bounds, { limit: 11, cursor, first }),
        )
        seen.push(...page.events.map(({ event }) => event.id))
        cursor = page.next
      } while (cursor !== undefined)
      expect(seen.toSorted()).toEqual(inside.map((e) => e.id).toSorted())
    }
  })

  it.each([
    'x',
    'W10',
    Buffer.from('["now","00000000-0000-4000-8000-000000000000"]').toString('base64url'),
    Buffer.from('["now","\'"]').toString('base64url'),
  ])('refuses the cursor %s', async (cursor) => {
    const found = withAudit(pool, 'all', (tx) => searchEvents(tx, {}, { limit: 1, cursor }))
    await expect(found).rejects.toMatchObject({ code: 'bad_data' })
  })

  it('gives an event with its neighbours and its actor, and hides queries where asked', async () => {
    const id = all[30]?.id ?? ''
    const found = await withAudit(pool, 'all', (tx) => findEvent(tx, id))
    expect(found?.event.event).toMatchObject({ id, request: { query: expect.any(String) } })
    expect(found?.event.identity).toMatchObject({ uid: 'u-3', name: 'Person Dan' })
    expect(found?.before?.hash).toBe(found?.event.prev)
    expect(found?.after?.prev).toBe(found?.event.hash)
    const other = await withAudit(pool, { org: 'nobody' }, (tx) => findEvent(tx, id))
    expect(other).toBeUndefined()
    if (found === undefined) return
    expect(JSON.stringify(withoutQueries(found.event))).not.toMatch(/metric_|tenant=|d-/)
  })
})

describe('the functions behind it', () => {
  const range = ['2025-10-01T00:00:00Z', '2025-12-01T00:00:00Z']
  const values = JSON.stringify(['transport', ...range, ...Array.from({ length: 14 }, () => null)])
  const found = 'select * from audit_find($1, true, true, null, null, 10000)'
  const recent = 'select * from audit_find_recent($1, true, null, null, 10000, 10000)'
  const counted = 'select sum(events)::int as n from audit_count($1, 3600, true, 10000)'
  const estimated = 'select sum(events)::int as n from audit_estimate($1, 3600, 10000)'

  it('give nothing of another org, whatever they are asked for', async () => {
    const health = all.filter((e) => e.orgUid === 'health').length
    await withAudit(pool, { org: 'health' }, async (tx) => {
      expect(await tx.rows(found, [values])).toHaveLength(health)
      expect(await tx.rows(recent, [values])).toHaveLength(health)
      expect(await tx.rows(counted, [values])).toEqual([{ n: health }])
      expect(await tx.rows(estimated, [values])).toEqual([{ n: health }])
    })
    expect((await pool.query(found, [values])).rows).toEqual([])
    expect((await pool.query(recent, [values])).rows).toEqual([])
    expect((await pool.query(counted, [values])).rows).toEqual([{ n: null }])
    expect((await pool.query(estimated, [values])).rows).toEqual([{ n: null }])
  })
})

describe('the histogram', () => {
  const ranges = [
    ['2025-10-31T23:00:00Z', '2025-11-01T04:00:00Z', 3_600],
    ['2025-10-31T23:17:00Z', '2025-11-01T03:43:00Z', 3_600],
    ['2025-11-01T00:05:00Z', '2025-11-01T00:50:00Z', 300],
  ] as const
  const filters: readonly (readonly [string, AuditFilter])[] = [
    ['from its counts', {}],
    ['from its counts, narrowed', { results: ['denied'], classes: ['query'] }],
    ['from the events', { metric: 'metric_3_total' }],
    ['from a sample, which here is everything', { minDurationMs: 1 }],
  ]
  it.each(filters)('adds up %s', async (_, filter) => {
    for (const [from, to, width] of ranges)
      for (const scope of ['all', { org: 'transport' }] as const) {
        const narrowed = { ...filter, from, to }
        const { bars, widthSeconds } = await withAudit(pool, scope, (tx) => auditHistogram(tx, narrowed, 10))
        expect(widthSeconds).toBe(width)
        const found = await withAudit(pool, scope, (tx) => searchEvents(tx, narrowed, { limit: 1_000 }))
        const expected = new Map<string, number>()
        for (const { event } of found.events) {
          const at = Math.floor(Date.parse(event.at) / 1_000 / width) * width
          const key = `${new Date(at * 1_000).toISOString()} ${eventClass(event.code)} ${event.outcome.result}`
          expected.set(key, (expected.get(key) ?? 0) + 1)
        }
        const counted = bars.map((bar) => [
          `${bar.at.replace('Z', '.000Z')} ${bar.class} ${bar.result}`,
          bar.events,
        ])
        expect(Object.fromEntries(counted)).toEqual(Object.fromEntries(expected))
        expect(expected.size).toBeGreaterThan(0)
      }
  })
})

describe('following', () => {
  it('gives what arrives, once, filtered', async () => {
    const stop = new AbortController()
    const seen: string[] = []
    const following = (async () => {
      const options = { filter: { codes: ['Q001D'] }, signal: stop.signal, pollMs: 20 }
      for await (const { event } of followEvents(pool, { org: 'health' }, options)) seen.push(event.id)
    })()
    const writer = await createAuditWriter({ dir, writerId: 'follow', pool })
    const late = Array.from({ length: 60 }, (_, i) => made(1_000 + i))
    for (const event of late) await writer.append(event)
    await writer.close()
    const expected = late.filter((e) => e.orgUid === 'health' && e.code === 'Q001D').map((e) => e.id)
    await expect.poll(() => seen.length, { timeout: 10_000 }).toBe(expected.length)
    stop.abort()
    await following
    expect(seen).toEqual(expected)
  })
})
