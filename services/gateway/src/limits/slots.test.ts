import { type FairQueue, openCache, type SlotRequest } from '@gatehouse/cache'
import { parseConfig } from '@gatehouse/config'
import type { Shard } from '@gatehouse/query'
import { createLogger, createMetrics } from '@gatehouse/telemetry'
import { expect, it } from 'vitest'
import { createTakeSlots } from './slots.ts'

const shard = (...replicas: string[]): Shard => ({
  name: replicas.join(' '),
  slice: { tenants: ['a'] },
  replicas: replicas.map((name) => ({ name, url: `http://${name}` })),
})
const step = (...replicas: string[]) => ({ shard: shard(...replicas), texts: [], range: undefined })
const never = new AbortController().signal

it('bounds the waiting of one request together, on all shards and for others before', async () => {
  const { cache, limits } = parseConfig('database: {}\nlimits: { slotsPerShard: 1, queueWait: 1m }')
  const bounds = { query: limits.query, caps: [], weight: 1, member: 'm' }
  const log = createLogger({ name: 'test', level: 'silent' })
  const deps = { cache, limits, metrics: createMetrics(), log, worker: undefined, drop: () => {} }
  const { slots, close } = await openCache<never>(deps)
  const asked: SlotRequest[] = []
  const queue: FairQueue = {
    acquire: (request) => {
      asked.push(request)
      return slots.acquire(request)
    },
    waiting: 0,
  }
  const first = await createTakeSlots(queue, 'o', bounds)([step('one')], never)
  const take = createTakeSlots(queue, 'o', bounds)
  const second = take([step('one'), step('two')], never, 5_000)
  setTimeout(() => first.giveBack(), 60)
  const { giveBack, queued } = await second
  const [, one, two] = asked.map(({ waited }) => waited)
  expect(one).toBe(5_000)
  expect(two).toBeGreaterThan(5_030)
  expect(5_000 + queued).toBeGreaterThanOrEqual(two ?? 0)
  // What it takes later for the same request goes on where it was.
  const third = take([step('one')], never)
  giveBack()
  expect((await third).queued).toBeGreaterThanOrEqual(queued)
  expect(asked[3]?.waited).toBe(queued)
  await close()
})

it('counts a server once, in whichever shard it is a replica', async () => {
  const { cache, limits } = parseConfig('database: {}\nlimits: { slotsPerShard: 1, queueWait: 50ms }')
  const bounds = { query: limits.query, caps: [], weight: 1, member: 'm' }
  const log = createLogger({ name: 'test', level: 'silent' })
  const deps = { cache, limits, metrics: createMetrics(), log, worker: undefined, drop: () => {} }
  const { slots, close } = await openCache<never>(deps)
  const take = (...replicas: string[]) => createTakeSlots(slots, 'o', bounds)([step(...replicas)], never)
  const { giveBack } = await take('b', 'a')
  await expect(take('a')).rejects.toMatchObject({ code: 'too_many_requests' })
  await expect(take('b', 'c')).rejects.toMatchObject({ code: 'too_many_requests' })
  ;(await take('c')).giveBack()
  giveBack()
  ;(await take('b', 'c')).giveBack()
  await close()
})
