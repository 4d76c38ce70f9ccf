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

async function setUp(slotsPerShard: number) {
  const { cache, limits } = parseConfig(
    `database: {}\nlimits: { slotsPerShard: ${slotsPerShard}, queueWait: 200ms }`,
  )
  const bounds = { query: limits.query, caps: [], weight: 1, team: 't', member: 'm' }
  const log = createLogger({ name: 'test', level: 'silent' })
  const deps = { cache, limits, metrics: createMetrics(), log, worker: undefined, drop: () => {} }
  return { ...(await openCache<never>(deps)), bounds }
}

it('bounds the waiting of one request together, on all shards and for others before', async () => {
  const { cache, limits } = parseConfig('database: {}\nlimits: { slotsPerShard: 1, queueWait: 1m }')
  const bounds = { query: limits.query, caps: [], weight: 1, team: 't', member: 'm' }
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
  const [one, two] = [shard('one'), shard('two')]
  const first = createTakeSlots(queue, 'o', bounds)({ steps: [], signal: never })
  await first.enter(one)
  const take = createTakeSlots(queue, 'o', bounds)
  const second = take({ steps: [step('one'), step('two')], signal: never, waited: 5_000 })
  setTimeout(first.end, 60)
  const leave = await second.enter(one)
  await second.enter(two)
  const [, ofOne, ofTwo] = asked.map(({ waited }) => waited)
  expect(ofOne).toBe(5_000)
  expect(ofTwo).toBeGreaterThan(5_030)
  expect(5_000 + second.queued).toBeGreaterThanOrEqual(ofTwo ?? 0)
  // What it takes later for the same request goes on where it was.
  const third = take({ steps: [step('one')], signal: never })
  const again = third.enter(one)
  leave()
  await again
  expect(third.queued).toBeGreaterThanOrEqual(second.queued)
  expect(asked[3]?.waited).toBeGreaterThan(50)
  await close()
})

it('holds a slot until its shard has been read by all, and no other for it', async () => {
  const { slots, bounds, close } = await setUp(1)
  let started = 0
  const steps = [step('one'), step('one'), step('two')]
  const busy = createTakeSlots(slots, 'o', bounds)({ steps: [], signal: never })
  await busy.enter(shard('two'))
  const asking = createTakeSlots(slots, 'o', bounds)({ steps, signal: never, started: () => (started += 1) })
  const [first, second] = await Promise.all([asking.enter(shard('one')), asking.enter(shard('one'))])
  const waiting = asking.enter(shard('two')).catch(() => undefined)
  const other = createTakeSlots(slots, 'o', bounds)
  const refused = { code: 'too_many_requests' }
  first()
  first()
  await expect(other({ steps: [], signal: never }).enter(shard('one'))).rejects.toMatchObject(refused)
  second()
  const free = other({ steps: [], signal: never })
  await free.enter(shard('one'))
  free.end()
  expect(started).toBe(0)
  busy.end()
  await waiting
  asking.end()
  const last = other({ steps: [], signal: never })
  await Promise.all([last.enter(shard('one')), last.enter(shard('two'))])
  last.end()
  await close()
})

it('counts a request once against its caps, as long as it runs', async () => {
  const { slots, bounds, close } = await setUp(5)
  const take = createTakeSlots(slots, 'o', { ...bounds, caps: [{ key: 'robot', limit: 1 }] })
  const steps = [step('one'), step('two')]
  let started = 0
  const wide = take({ steps, signal: never, started: () => (started += 1) })
  const [one] = await Promise.all([wide.enter(shard('one')), wide.enter(shard('two'))])
  expect(started).toBe(1)
  one()
  const refused = { code: 'too_many_requests' }
  for (const own of [[step('one')], steps])
    await expect(take({ steps: own, signal: never }).enter(shard('one'))).rejects.toMatchObject(refused)
  wide.end()
  const next = take({ steps: [step('one')], signal: never })
  await next.enter(shard('one'))
  next.end()
  await close()
})

it('counts a server once, in whichever shard it is a replica', async () => {
  const { slots, bounds, close } = await setUp(1)
  const enter = (...replicas: string[]) =>
    createTakeSlots(slots, 'o', bounds)({ steps: [], signal: never }).enter(shard(...replicas))
  const leave = await enter('b', 'a')
  await expect(enter('a')).rejects.toMatchObject({ code: 'too_many_requests' })
  await expect(enter('b', 'c')).rejects.toMatchObject({ code: 'too_many_requests' })
  ;(await enter('c'))()
  leave()
  ;(await enter('b', 'c'))()
  await close()
})
