import fc from 'fast-check'
import { scanMatrix, type TimeRange } from '@gatehouse/query'
import { createLogger } from '@gatehouse/telemetry'
import { describe, expect, it } from 'vitest'
import type { CacheRequest } from './model.ts'
import { createRedisLink } from './redis/link.ts'
import { createSealer } from './redis/sealed.ts'
import { createSharedLevel } from './redis/shared-level.ts'
import { createTestGateway, rangeRequest } from './testing/gateway.ts'
import { eventually, startTestRedis } from './testing/redis-server.ts'
import { createWorld, type World } from './testing/world.ts'

const start = 1_700_000_000_000
const freshness = { freshnessMs: 60_000, outOfOrderMs: 120_000 }

/** Samples of an answer up to a time, as series → time → text. */
function samplesUntil(body: Buffer, range: TimeRange, until: number): Map<string, Map<number, string>> {
  const { extent } = scanMatrix(body, range, 0)
  const found = new Map<string, Map<number, string>>()
  for (const { metric, values } of extent.series) {
    const samples = new Map<number, string>()
    values.times.forEach((time, i) => {
      const next = i + 1 < values.starts.length ? (values.starts[i + 1] ?? 0) - 1 : values.end
      if (time <= until) samples.set(time, values.source.toString('latin1', values.starts[i], next))
    })
    if (samples.size > 0) found.set(metric.toString(), samples)
  }
  return found
}

type Step =
  | {
      readonly do: 'ask'
      readonly gateway: number
      readonly who: number
      readonly back: number
      readonly points: number
      readonly step: number
      readonly odd: number
      /** Age of what `@` names, from the last full five minutes; undefined for an expression without it. */
      readonly pin: number | undefined
    }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'skew'; readonly gateway: number; readonly ms: number }
  | { readonly do: 'outage'; readonly tenant: string; readonly isDown: boolean }
  | { readonly do: 'dead'; readonly isDead: boolean }

const accesses = [['a'], ['b'], ['a', 'b'], ['a', 'b', 'c']] as const
const ages = [undefined, undefined, undefined, undefined, undefined, 0, 60_000] as const
const skews = [0, 0, 0, 0, 0, 2_000, -2_000, 3_600_000, -3_600_000] as const
const stepOf = (pins: readonly (number | undefined)[], clocks: readonly number[]): fc.Arbitrary<Step> =>
  fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({
        do: fc.constant('ask' as const),
        gateway: fc.constantFrom(0, 0, 1),
        who: fc.constantFrom(2, 2, 2, 0, 1, 3, 3),
        back: fc.constantFrom(0, 0, 0, 1, 5, 20, 40),
        points: fc.constantFrom(1, 5, 20, 40, 60),
        step: fc.constantFrom(15_000, 15_000, 15_000, 60_000),
        odd: fc.constantFrom(0, 0, 0, 0, 0, 7_500),
        pin: fc.constantFrom(...pins),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('wait' as const),
        ms: fc.constantFrom(1, 500, 15_000, 30_000, 60_000, 185_000),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('skew' as const),
        gateway: fc.nat(1),
        ms: fc.constantFrom(...clocks),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('outage' as const),
        tenant: fc.constantFrom('a', 'b', 'c'),
        isDown: fc.constantFrom(false, false, true),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('dead' as const),
        isDead: fc.constantFrom(false, false, false, true),
      }),
    },
  )
const anything = stepOf(ages, skews)
/** Of one time, by clocks that are often ahead. */
const ofOneTime = stepOf([0, 0, 60_000], [0, 600_000, 600_000])

const seen = { hit: 0, extended: 0, miss: 0, stale: 0, bypass: 0 }
type Gateway = ReturnType<typeof createTestGateway>

async function play(world: World, gateways: readonly Gateway[], one: Step): Promise<void> {
  switch (one.do) {
    case 'wait':
      world.now += one.ms
      return
    case 'skew': {
      const gateway = gateways[one.gateway % gateways.length]
      if (gateway !== undefined) gateway.clock.skew = one.ms
      return
    }
    case 'outage':
      if (one.isDown) world.down.add(one.tenant)
      else world.down.delete(one.tenant)
      return
    case 'dead':
      world.isDead = one.isDead
      return
    case 'ask':
      await ask(world, gateways[one.gateway % gateways.length] as Gateway, one)
  }
}

/** The same of an expression that reads one time only. */
function pinned(request: CacheRequest, at: number | undefined): CacheRequest {
  if (at === undefined) return request
  const expressions = request.key.expressions.map((text) => `${text} @ ${at / 1000}`)
  return { ...request, key: { ...request.key, expressions }, facts: { ...request.facts, latestAt: at } }
}

async function ask(world: World, { cache }: Gateway, one: Extract<Step, { do: 'ask' }>): Promise<void> {
  const tenants = accesses[one.who] ?? ['a']
  const newest = Math.floor(world.now / one.step) * one.step + one.odd
  const end = newest - one.back * one.step
  const range = { start: end - (one.points - 1) * one.step, end, step: one.step }
  const at = one.pin === undefined ? undefined : Math.floor(world.now / 300_000) * 300_000 - one.pin
  const request = pinned(rangeRequest(tenants, range, { freshness }), at)
  const isHealthy = !world.isDead && tenants.every((tenant) => !world.down.has(tenant))
  const answer = await cache.cached(request, world.fetch(tenants, range, at)).catch(() => undefined)
  if (answer === undefined) return expect(world.isDead).toBe(true)
  if (answer.kind !== 'body') throw new Error('no body')
  seen[answer.outcome.result] += 1
  // A partial answer says so; one that does not is whole, whatever happened before.
  const isPartial = !answer.isComplete || answer.body.includes('"warnings"')
  if (isPartial) return expect(isHealthy).toBe(false)
  const down = [...world.down]
  world.down.clear()
  const truth = world.answer(tenants, range, at)
  for (const tenant of down) world.down.add(tenant)
  const settled = world.now - Math.max(freshness.freshnessMs, freshness.outOfOrderMs)
  // Every sample is that of the pinned time.
  if (at !== undefined && at > settled) return
  expect(samplesUntil(answer.body, range, settled)).toEqual(samplesUntil(truth, range, settled))
}

describe('a cached answer', () => {
  it.each([
    ['whatever happens', true, anything],
    ['with a right clock and shards that tell no time', false, anything],
    ['of a time named with @, by clocks that are ahead', true, ofOneTime],
  ])('equals the uncached one for every sample older than the bound, %s', async (_name, hasDate, step) => {
    for (const result of Object.keys(seen) as (keyof typeof seen)[]) seen[result] = 0
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 40, maxLength: 80, size: 'max' }), async (steps) => {
        const world = createWorld(start, freshness.outOfOrderMs)
        world.hasDate = hasDate
        const gateways = [createTestGateway(world), createTestGateway(world, { maxEntryBytes: 9_000 })]
        for (const one of steps) if (hasDate || one.do !== 'skew') await play(world, gateways, one)
      }),
      { numRuns: step === anything ? 120 : 300 },
    )
    // The sequences do exercise the cache.
    expect(seen.extended).toBeGreaterThan(step === anything ? 150 : 50)
    expect(seen.hit).toBeGreaterThan(20)
  })

  it('equals the uncached one when two gateways share what they know', async () => {
    const redis = await startTestRedis()
    const log = createLogger({ name: 'test', level: 'silent' })
    const { metrics } = createTestGateway(createWorld(start, 1))
    const link = createRedisLink({ url: redis.url, timeout: 2_000, metrics, log })
    await eventually(() => link.isUp)
    for (const result of Object.keys(seen) as (keyof typeof seen)[]) seen[result] = 0
    let run = 0
    await fc.assert(
      fc.asyncProperty(fc.array(anything, { minLength: 40, maxLength: 60, size: 'max' }), async (steps) => {
        const world = createWorld(start, freshness.outOfOrderMs)
        const shared = createSharedLevel(link, createSealer('secret', `p${(run += 1)}`), metrics)
        const gateways = [createTestGateway(world, {}, shared), createTestGateway(world, {}, shared)]
        for (const one of steps) {
          await play(world, gateways, one)
          await shared.idle()
        }
      }),
      { numRuns: 30 },
    )
    expect(seen.extended).toBeGreaterThan(50)
    await link.close()
    await redis.stop()
  })

  it('would differ, were samples kept that may still change', async () => {
    const careless = { freshnessMs: 0, outOfOrderMs: 0 }
    const world = createWorld(start, freshness.outOfOrderMs)
    const { cache } = createTestGateway(world)
    const range = { start: start - 600_000, end: start, step: 15_000 }
    const request = rangeRequest(['a', 'b'], range, { freshness: careless })
    await cache.cached(request, world.fetch(['a', 'b'], range))
    world.now += 240_000
    const answer = await cache.cached(request, world.fetch(['a', 'b'], range))
    if (answer.kind !== 'body') throw new Error('no body')
    const settled = world.now - 120_000
    expect(samplesUntil(answer.body, range, settled)).not.toEqual(
      samplesUntil(world.answer(['a', 'b'], range), range, settled),
    )
  })
})
