import { createLogger, createMetrics } from '@gatehouse/telemetry'
import fc from 'fast-check'
import { createClient } from 'redis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCacheMetrics } from '../metrics.ts'
import { createRedisLink } from '../redis/link.ts'
import { createRedisLease } from '../redis/redis-lease.ts'
import { eventually, startTestRedis, type TestRedis } from '../testing/redis-server.ts'
import { createFairnessMetrics } from './metrics.ts'
import { createLeases } from './leases.ts'
import { createRateLimiter, type Lease, type RateLimiter } from './rate-limiter.ts'

const metrics = createFairnessMetrics(createMetrics())
const rate = { perSecond: 10, burst: 20 }

async function countGranted(limiter: RateLimiter, key: string, tries: number): Promise<number> {
  let granted = 0
  for (let i = 0; i < tries; i += 1) {
    try {
      await limiter.take([{ key, rate }])
      granted += 1
    } catch (error) {
      expect(error).toMatchObject({ code: 'too_many_requests', retryAfter: 1 })
    }
  }
  return granted
}

describe('rate limiter in one process', () => {
  it('lets a burst pass, then the rate', async () => {
    let now = 1_000
    const limiter = createRateLimiter({ lease: undefined, metrics, now: () => now })
    expect(await countGranted(limiter, 'a', 30)).toBe(20)
    expect(await countGranted(limiter, 'b', 1)).toBe(1)
    now += 500
    expect(await countGranted(limiter, 'a', 30)).toBe(5)
    now += 3_600_000
    expect(await countGranted(limiter, 'a', 30)).toBe(20)
  })
})

describe('rate limiter of several buckets', () => {
  it('takes nothing of the others when one is empty', async () => {
    const limiter = createRateLimiter({ lease: undefined, metrics, now: () => 1_000 })
    const small = { perSecond: 10, burst: 2 }
    const both = [
      { key: 'org', rate },
      { key: 'robot', rate: small },
    ]
    await limiter.take(both)
    await limiter.take(both)
    for (let i = 0; i < 50; i += 1)
      await expect(limiter.take(both)).rejects.toMatchObject({ code: 'too_many_requests' })
    expect(await countGranted(limiter, 'org', 30)).toBe(18)
  })

  it('asks for all at once, so that a slow answer is waited for once', async () => {
    const asked: string[] = []
    const { promise: answered, resolve } = Promise.withResolvers<undefined>()
    const lease = (key: string) => {
      asked.push(key)
      return answered
    }
    const limiter = createRateLimiter({ lease, metrics, now: () => 1_000 })
    const taken = limiter.take(['org', 'robot', 'team'].map((key) => ({ key, rate })))
    await Promise.resolve()
    expect(asked).toEqual(['org', 'robot', 'team'])
    resolve(undefined)
    await taken
  })
})

describe('rate limiters that share buckets', () => {
  it('refuse nothing while there are tokens, whoever takes them', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 1_000 }),
        fc.array(fc.tuple(fc.nat(11), fc.integer({ min: 1, max: 9 })), { maxLength: 30 }),
        async (burst, perSecond, asking) => {
          const leases = createLeases(() => 1_000)
          const shared = { perSecond, burst }
          const limiters = Array.from({ length: 12 }, () =>
            createRateLimiter({
              lease: async (key, of, want) => leases(key, of, want),
              metrics,
              now: () => 1_000,
            }),
          )
          let granted = 0
          for (const [at, count] of asking) {
            const limiter = limiters[at]
            if (limiter === undefined) throw new Error('no such limiter')
            const take = () => limiter.take([{ key: 'k', rate: shared }])
            const results = await Promise.allSettled(Array.from({ length: count }, take))
            granted += results.filter(({ status }) => status === 'fulfilled').length
          }
          const asked = asking.reduce((sum, [, count]) => sum + count, 0)
          expect(granted).toBe(Math.min(asked, burst))
        },
      ),
    )
  })

  it('ask together for all of one turn, and wait for one question only', async () => {
    const wanted: number[] = []
    const { promise: never } = Promise.withResolvers<undefined>()
    const lease: Lease = (_key, _rate, want) => {
      wanted.push(want)
      return wanted.length === 1 ? never : Promise.resolve({ given: want, waitMs: 0 })
    }
    const limiter = createRateLimiter({ lease, metrics, now: () => 1_000 })
    const take = () => limiter.take([{ key: 'k', rate }])
    void take()
    await Promise.resolve()
    await Promise.all(Array.from({ length: 15 }, take))
    expect(wanted).toEqual([1, 15])
  })

  it('take first what was given back', async () => {
    const wanted: string[] = []
    const lease: Lease = async (key) => {
      wanted.push(key)
      return { given: key === 'empty' ? 0 : 1, waitMs: 100 }
    }
    let now = 1_000
    const limiter = createRateLimiter({ lease, metrics, now: () => now })
    const of = (...keys: string[]) => limiter.take(keys.map((key) => ({ key, rate })))
    await expect(of('full', 'empty')).rejects.toMatchObject({ code: 'too_many_requests' })
    await of('full')
    expect(wanted).toEqual(['full', 'empty'])
    await of('full')
    await expect(of('full', 'empty')).rejects.toMatchObject({ code: 'too_many_requests' })
    expect(wanted).toEqual(['full', 'empty', 'full', 'full'])
    now += 1_000
    await of('full')
    expect(wanted).toHaveLength(5)
  })
})

describe('rate limiter over Redis', () => {
  let redis: TestRedis
  const log = createLogger({ name: 'test', level: 'silent' })
  const cacheMetrics = createCacheMetrics(createMetrics())
  const linkTo = async (url: string, timeout: number) => {
    const link = createRedisLink({ url, timeout, metrics: cacheMetrics, log })
    await eventually(() => link.isUp)
    return link
  }
  beforeAll(async () => {
    redis = await startTestRedis()
  })
  afterAll(() => redis.stop())

  it('shares a bucket between gateways', async () => {
    const links = await Promise.all([linkTo(redis.url, 2_000), linkTo(redis.url, 2_000)])
    const limiters = links.map((link) =>
      createRateLimiter({
        lease: createRedisLease(link, (key) => `share:${key}`),
        metrics,
        now: () => performance.now(),
      }),
    )
    const began = performance.now()
    const granted = await Promise.all(limiters.map((limiter) => countGranted(limiter, 'a', 40)))
    const seconds = (performance.now() - began) / 1000
    const total = granted.reduce((sum, one) => sum + one, 0)
    expect(total).toBeGreaterThanOrEqual(20)
    expect(total).toBeLessThanOrEqual(21 + rate.perSecond * seconds)
    await Promise.all(links.map((link) => link.close()))
  })

  it.each([
    ['negative', '-1000000'],
    ['no number', 'many'],
    ['not a number', 'nan'],
  ])('takes a count in Redis that is %s for no count', async (_what, tokens) => {
    const link = await linkTo(redis.url, 2_000)
    const client = await createClient({ url: redis.url }).connect()
    await client.hSet(`odd:rate:${tokens}`, { tokens, at: String(Date.now()) })
    await client.close()
    const lease = createRedisLease(link, (key) => `odd:${key}`)
    const limiter = createRateLimiter({ lease, metrics, now: () => performance.now() })
    expect(await countGranted(limiter, tokens, 10)).toBe(10)
    await link.close()
  })

  it('asks Redis once for requests at one time', async () => {
    const link = await linkTo(redis.url, 2_000)
    const limiter = createRateLimiter({
      lease: createRedisLease(link, (key) => `often:${key}`),
      metrics,
      now: () => performance.now(),
    })
    const leases = async (): Promise<number> => {
      const { values } = await cacheMetrics.redisCommands.get()
      return values.find(({ labels }) => labels.command === 'lease' && labels.result === 'ok')?.value ?? 0
    }
    const before = await leases()
    const fast = { perSecond: 10_000, burst: 10_000 }
    await Promise.all(Array.from({ length: 900 }, () => limiter.take([{ key: 'a', rate: fast }])))
    expect((await leases()) - before).toBe(1)
    await link.close()
  })

  it('counts for itself when Redis does not answer', async () => {
    const own = await startTestRedis()
    const link = await linkTo(own.url, 20)
    const limiter = createRateLimiter({
      lease: createRedisLease(link, (key) => `alone:${key}`),
      metrics,
      now: () => 1_000,
    })
    own.signal('SIGSTOP')
    expect(await countGranted(limiter, 'a', 30)).toBe(20)
    await own.stop()
    await link.close()
  })
})
