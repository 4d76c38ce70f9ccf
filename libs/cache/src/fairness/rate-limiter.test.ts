import { createLogger, createMetrics } from '@gatehouse/telemetry'
import { createClient } from 'redis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCacheMetrics } from '../metrics.ts'
import { createRedisLink } from '../redis/link.ts'
import { createRedisLease } from '../redis/redis-lease.ts'
import { eventually, startTestRedis, type TestRedis } from '../testing/redis-server.ts'
import { createFairnessMetrics } from './metrics.ts'
import { createRateLimiter, type RateLimiter } from './rate-limiter.ts'

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

  it('asks Redis far less often than it is asked', async () => {
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
