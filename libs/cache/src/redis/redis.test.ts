import { GatehouseError } from '@gatehouse/errors'
import { createLogger } from '@gatehouse/telemetry'
import { createClient, RESP_TYPES } from 'redis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Fetch } from '../model.ts'
import { createTestGateway, rangeRequest } from '../testing/gateway.ts'
import { eventually, startTestProxy, startTestRedis, type TestRedis } from '../testing/redis-server.ts'
import { createWorld, type World } from '../testing/world.ts'
import { createRedisLink } from './link.ts'
import { createSealer } from './sealed.ts'
import { createSharedLevel } from './shared-level.ts'

const start = 1_700_000_040_000
const minute = 60_000
const tenants = ['a']
const range = { start: start - 300 * minute, end: start - 10 * minute, step: minute }
const log = createLogger({ name: 'test', level: 'silent' })
/** As in production where Redis fails; where it works, more than a busy machine needs. */
const shortTimeout = 20
const longTimeout = 2_000
/** What an answer may take when Redis does not work: the bound is 50 ms; the rest is this machine being busy. */
const bound = 400

let redis: TestRedis
beforeAll(async () => {
  redis = await startTestRedis()
})
afterAll(() => redis.stop())

/** Deletes what a pattern names, except one key. */
const clearOthers = `
for _, key in ipairs(redis.call('KEYS', ARGV[1])) do if key ~= ARGV[2] then redis.call('DEL', key) end end`

let prefixes = 0
const newPrefix = (): string => `test${(prefixes += 1)}`

/** A gateway with a second level at `url`. */
function gatewayAt(
  world: World,
  url: string,
  { prefix = 'gw', secret = 'secret', timeout = longTimeout } = {},
) {
  const { metrics } = createTestGateway(world)
  const link = createRedisLink({ url, timeout, metrics, log })
  const shared = createSharedLevel(link, createSealer(secret, prefix), metrics)
  const gateway = createTestGateway(world, {}, shared)
  const ask = (of = range) => gateway.cache.cached(rangeRequest(tenants, of), world.fetch(tenants, of))
  const commands = async (command: string, result: string): Promise<number> => {
    const { values } = await metrics.redisCommands.get()
    return values.find(({ labels }) => labels.command === command && labels.result === result)?.value ?? 0
  }
  return {
    ...gateway,
    ask,
    shared,
    commands,
    ready: () => eventually(() => link.isUp),
    close: () => link.close(),
  }
}

/** How long something takes, ms. */
const timed = async (ask: () => Promise<unknown>): Promise<number> => {
  const began = performance.now()
  await ask()
  return performance.now() - began
}

const raw = () =>
  createClient({
    url: redis.url,
    RESP: 3,
    commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
  }).connect()

describe('the second level', () => {
  it('lets one gateway use what another fetched', async () => {
    const world = createWorld(start, 10_000)
    const prefix = newPrefix()
    const [one, two] = [gatewayAt(world, redis.url, { prefix }), gatewayAt(world, redis.url, { prefix })]
    await Promise.all([one.ready(), two.ready()])
    const first = await one.ask()
    await one.shared.idle()
    const second = await two.ask()
    expect(second.outcome.result).toBe('hit')
    expect(world.calls).toBe(1)
    expect(second.kind === 'body' && first.kind === 'body' && second.body.equals(first.body)).toBe(true)
    const moved = { ...range, end: range.end + 5 * minute }
    expect((await two.ask(moved)).outcome).toMatchObject({ result: 'extended', fetched: [{ to: moved.end }] })
    await two.shared.idle()
    const third = gatewayAt(world, redis.url, { prefix })
    await third.ready()
    expect((await third.ask(moved)).outcome.result).toBe('hit')
    await Promise.all([one.close(), two.close(), third.close()])
  })

  it('has no gateway wait for another that has no slot yet', async () => {
    const world = createWorld(start, 10_000)
    const prefix = newPrefix()
    const [first, second] = [1, 2].map(() => gatewayAt(world, redis.url, { prefix }))
    if (first === undefined || second === undefined) throw new Error('too few')
    await Promise.all([first.ready(), second.ready()])
    const { promise: gate, resolve: open } = Promise.withResolvers<void>()
    const { promise: isQueued, resolve: queued } = Promise.withResolvers<void>()
    const waiting: Fetch<never> = async (demand) => {
      queued()
      await gate
      return world.fetch(tenants, range)(demand)
    }
    const late = first.cache.cached(rangeRequest(tenants, range), waiting)
    await isQueued
    // Ended by nothing but that answer.
    const answer = await second.cache.cached(rangeRequest(tenants, range), world.fetch(tenants, range))
    expect(answer.kind === 'body' && answer.body.equals(world.answer(tenants, range))).toBe(true)
    open()
    await late
    await Promise.all([first.close(), second.close()])
  }, 5_000)

  it('lets one of several gateways fetch what all lack', async () => {
    const world = createWorld(start, 10_000)
    const prefix = newPrefix()
    const gateways = [1, 2, 3].map(() => gatewayAt(world, redis.url, { prefix }))
    await Promise.all(gateways.map((gateway) => gateway.ready()))
    const { promise: gate, resolve: open } = Promise.withResolvers<void>()
    const slow: Fetch<never> = async (demand) => {
      const answer = await world.fetch(tenants, range)(demand)
      await gate
      return answer
    }
    const answers = gateways.flatMap(({ cache }) =>
      [1, 2].map(() => cache.cached(rangeRequest(tenants, range), slow)),
    )
    await eventually(() => world.calls > 0)
    // Longer than anybody waits for a gateway that gives no sign of life.
    await new Promise((resolve) => setTimeout(resolve, 700))
    open()
    for (const answer of await Promise.all(answers)) {
      expect(answer.kind === 'body' && answer.body.equals(world.answer(tenants, range))).toBe(true)
    }
    expect(world.calls).toBe(1)
    await Promise.all(gateways.map((gateway) => gateway.close()))
  })

  it('waits for no gateway that failed or has nothing to share', async () => {
    const world = createWorld(start, 10_000)
    const prefix = newPrefix()
    const [one, two] = [gatewayAt(world, redis.url, { prefix }), gatewayAt(world, redis.url, { prefix })]
    await Promise.all([one.ready(), two.ready()])
    const slowly =
      (fetch: Fetch<never>): Fetch<never> =>
      async (demand) => {
        await new Promise((resolve) => setTimeout(resolve, 100))
        return fetch(demand)
      }
    const failing = slowly(async () => {
      throw new GatehouseError('unavailable', 'down')
    })
    const request = rangeRequest(tenants, range)
    const failed = one.cache.cached(request, failing).catch((error: unknown) => error)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect((await two.ask()).outcome.result).toBe('miss')
    expect(await failed).toMatchObject({ code: 'unavailable' })
    await Promise.all([one.close(), two.close()])
  })

  it('waits for no gateway that is gone, whatever Redis says of its claim', async () => {
    const world = createWorld(start, 10_000)
    const prefix = newPrefix()
    const [one, two] = [gatewayAt(world, redis.url, { prefix }), gatewayAt(world, redis.url, { prefix })]
    await Promise.all([one.ready(), two.ready()])
    const left = new AbortController()
    const { promise: never } = Promise.withResolvers<never>()
    const request = { ...rangeRequest(tenants, range), signal: left.signal }
    const given = one.cache.cached(request, () => never).catch(() => undefined)
    const client = await raw()
    const claims = async (): Promise<string[]> => (await client.keys(`${prefix}:*`)).map(String)
    await eventually(async () => (await claims()).length === 1)
    const [name = ''] = await claims()
    const sign = await client.get(name)
    await one.close()
    // It says so for ever; with a claim nobody made; and with one that was true once.
    await client.set(name, sign ?? '')
    expect((await two.ask()).outcome.result).toBe('miss')
    for (const told of [sign ?? '', Buffer.from('claimed'), Buffer.alloc(200)]) {
      await client.set(name, told)
      const again = gatewayAt(world, redis.url, { prefix })
      await again.ready()
      await client.sendCommand(['EVAL', clearOthers, '0', `${prefix}:*`, name])
      expect(await timed(() => again.ask())).toBeLessThan(bound)
      await again.close()
    }
    left.abort()
    await Promise.all([given, two.close()])
    client.destroy()
  })

  it('tells nothing of queries in its names, and every entry expires', async () => {
    const world = createWorld(start, 10_000)
    const prefix = newPrefix()
    const gateway = gatewayAt(world, redis.url, { prefix })
    await gateway.ready()
    await gateway.ask()
    await gateway.shared.idle()
    const client = await raw()
    const names = (await client.keys(`${prefix}:*`)).map(String)
    expect(names.length).toBeGreaterThan(3)
    for (const name of names) {
      expect(name).toMatch(/^test\d+:[A-Za-z0-9_-]{43}$/)
      expect(await client.pTTL(name)).toBeGreaterThan(0)
      expect((await client.strLen(name)) as number).toBeLessThan(61_440)
    }
    client.destroy()
    await gateway.close()
  })

  it.each([
    ['another secret', 'other', (value: Buffer) => value],
    ['cut off', 'secret', (value: Buffer) => value.subarray(0, value.length - 1)],
    [
      'one bit turned',
      'secret',
      (value: Buffer) => Buffer.from(value.map((byte, i) => (i === 90 ? byte ^ 1 : byte))),
    ],
    ['another layout', 'secret', (value: Buffer) => Buffer.concat([Buffer.from('GH99'), value.subarray(4)])],
    ['rubbish', 'secret', () => Buffer.from('rubbish')],
  ])('takes no entry with %s', async (_name, secret, poison) => {
    const world = createWorld(start, 10_000)
    const prefix = newPrefix()
    const one = gatewayAt(world, redis.url, { prefix })
    await one.ready()
    await one.ask()
    await one.shared.idle()
    const client = await raw()
    const names = (await client.keys(`${prefix}:*`)).map(String)
    for (const name of names) await client.set(name, poison((await client.get(name)) as Buffer))
    // Names are made with the secret too, so with another one its entries are moved to where they would be looked for.
    const two = gatewayAt(world, redis.url, { prefix, secret })
    await two.ready()
    if (secret === 'other') {
      await two.ask()
      await two.shared.idle()
      const theirs = (await client.keys(`${prefix}:*`)).map(String).filter((name) => !names.includes(name))
      for (const name of theirs) await client.set(name, (await client.get(names[0] ?? '')) as Buffer)
    }
    const three = gatewayAt(world, redis.url, { prefix, secret })
    await three.ready()
    const answer = await three.ask()
    expect(answer.outcome.result).toBe('miss')
    expect(answer.kind === 'body' && answer.body.equals(world.answer(tenants, range))).toBe(true)
    expect(await three.commands('read', 'mismatch')).toBeGreaterThan(0)
    client.destroy()
    await Promise.all([one.close(), two.close(), three.close()])
  })

  it('takes no entry that belongs to another key', async () => {
    const world = createWorld(start, 10_000)
    const prefix = newPrefix()
    const one = gatewayAt(world, redis.url, { prefix })
    await one.ready()
    await one.ask()
    await one.shared.idle()
    const client = await raw()
    const names = (await client.keys(`${prefix}:*`)).map(String)
    const values = await Promise.all(names.map((name) => client.get(name)))
    for (const [i, name] of names.entries()) await client.set(name, values[(i + 1) % names.length] as Buffer)
    const two = gatewayAt(world, redis.url, { prefix })
    await two.ready()
    expect((await two.ask()).outcome.result).toBe('miss')
    expect(await two.commands('read', 'mismatch')).toBeGreaterThanOrEqual(names.length)
    client.destroy()
    await Promise.all([one.close(), two.close()])
  })

  it('takes keys of another type and huge values for misses, without resting', async () => {
    const world = createWorld(start, 10_000)
    const prefix = newPrefix()
    const one = gatewayAt(world, redis.url, { prefix })
    await one.ready()
    await one.ask()
    await one.shared.idle()
    const client = await raw()
    for (const [i, name] of (await client.keys(`${prefix}:*`)).map(String).entries()) {
      await client.del(name)
      if (i === 0) await client.setRange(name, 20_000_000, 'x')
      else await client.hSet(name, 'a', 'b')
    }
    const sent = async (): Promise<number> =>
      Number(/total_net_output_bytes:(\d+)/.exec(String(await client.info('stats')))?.[1])
    const before = await sent()
    const two = gatewayAt(world, redis.url, { prefix })
    await two.ready()
    expect((await two.ask()).outcome.result).toBe('miss')
    expect(two.shared.isUp).toBe(true)
    // The huge one is read before a claim and with it, as far as any entry may go.
    expect((await sent()) - before).toBeLessThan(20_000_000)
    client.destroy()
    await Promise.all([one.close(), two.close()])
  })

  it.each([
    ['slots that are too old', 0, 21_600_000],
    ['slots from a later clock', 0, -1],
    ['texts that are too old', 1, 30_000],
    ['texts from a later clock', 1, -1],
  ])('takes no %s, whatever Redis still has', async (_what, index, ms) => {
    const world = createWorld(start, 10_000)
    const prefix = newPrefix()
    const one = gatewayAt(world, redis.url, { prefix })
    await one.ready()
    const request = rangeRequest(tenants, range)
    const times = { kind: 'lookup', start: undefined, end: undefined } as const
    const lookup = { ...request, key: { ...request.key, endpoint: 'labels' as const, times } }
    const askBoth = async ({ cache }: Pick<typeof one, 'cache'>) => {
      const answers = [
        await cache.cached(request, world.fetch(tenants, range)),
        await cache.cached(lookup, world.fetch(tenants, range)),
      ]
      return answers.map(({ outcome }) => outcome.result)
    }
    expect(await askBoth(one)).toEqual(['miss', 'miss'])
    await one.shared.idle()
    const [two, three] = [gatewayAt(world, redis.url, { prefix }), gatewayAt(world, redis.url, { prefix })]
    await Promise.all([two.ready(), three.ready()])
    expect(await askBoth(two)).toEqual(['hit', 'hit'])
    world.now += ms
    expect((await askBoth(three))[index]).toBe('miss')
    await Promise.all([one.close(), two.close(), three.close()])
  })
})

describe('without a working Redis', () => {
  const fresh = (i: number) => ({ ...range, start: range.start + i, end: range.end + i })

  it('answers when it is down from the beginning, and uses it once it is there', async () => {
    const world = createWorld(start, 10_000)
    const late = await startTestRedis()
    await late.stop()
    const gateway = gatewayAt(world, late.url, { timeout: shortTimeout })
    expect(await timed(() => gateway.ask())).toBeLessThan(bound)
    expect(gateway.shared.isUp).toBe(false)
    const back = await startTestRedis([], late.port)
    await gateway.ready()
    await gateway.close()
    await back.stop()
  })

  it('answers while it hangs, rests, and recovers by itself', async () => {
    const world = createWorld(start, 10_000)
    const own = await startTestRedis()
    const gateway = gatewayAt(world, own.url, { timeout: shortTimeout })
    await gateway.ready()
    own.signal('SIGSTOP')
    for (let i = 0; i < 10; i += 1) expect(await timed(() => gateway.ask(fresh(i)))).toBeLessThan(bound)
    expect(gateway.shared.isUp).toBe(false)
    expect(await gateway.commands('read', 'timeout')).toBeLessThanOrEqual(3)
    own.signal('SIGCONT')
    await gateway.ready()
    await gateway.close()
    await own.stop()
  })

  it('answers when it is killed, and recovers by itself', async () => {
    const world = createWorld(start, 10_000)
    const own = await startTestRedis()
    const gateway = gatewayAt(world, own.url)
    await gateway.ready()
    const answers = Array.from({ length: 50 }, (_, i) => gateway.ask(fresh(i)))
    await own.stop()
    for (const answer of await Promise.all(answers)) expect(answer.outcome.result).toBe('miss')
    await eventually(() => !gateway.shared.isUp)
    expect(await timed(() => gateway.ask(fresh(99)))).toBeLessThan(bound)
    const back = await startTestRedis([], own.port)
    await gateway.ready()
    await gateway.close()
    await back.stop()
  })

  it('goes on reading when it is full or read-only', async () => {
    const world = createWorld(start, 10_000)
    const own = await startTestRedis(['--maxmemory', '100kb', '--maxmemory-policy', 'noeviction'])
    const gateway = gatewayAt(world, own.url)
    await gateway.ready()
    await gateway.ask()
    await gateway.shared.idle()
    expect((await gateway.commands('claim', 'error')) + (await gateway.commands('write', 'error'))).toBe(1)
    await gateway.ask(fresh(1))
    expect(gateway.shared.isUp).toBe(true)
    // Before a claim and with it.
    expect(await gateway.commands('read', 'ok')).toBe(4)
    await gateway.close()
    await own.stop()
  })

  it('rests when the password changes, and recovers', async () => {
    const world = createWorld(start, 10_000)
    const own = await startTestRedis()
    const client = await createClient({ url: own.url }).connect()
    const gateway = gatewayAt(world, own.url)
    await gateway.ready()
    await client.configSet('requirepass', 'changed')
    await client.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'])
    await eventually(() => !gateway.shared.isUp)
    expect((await gateway.ask()).outcome.result).toBe('miss')
    await client.configSet('requirepass', '')
    await gateway.ready()
    client.destroy()
    await gateway.close()
    await own.stop()
  })

  it('answers when it is slow, and when it talks nonsense', async () => {
    const world = createWorld(start, 10_000)
    const proxy = await startTestProxy(redis.port)
    const gateway = gatewayAt(world, proxy.url, { timeout: shortTimeout })
    await gateway.ready()
    proxy.delayMs = 5_000
    for (let i = 0; i < 5; i += 1) expect(await timed(() => gateway.ask(fresh(i)))).toBeLessThan(bound)
    expect(gateway.shared.isUp).toBe(false)
    proxy.delayMs = 0
    await gateway.ready()
    proxy.garble = () => Buffer.from('+HTTP/1.1 400 Bad Request\r\n$5\r\nab\r\n*-7\r\n!!\0')
    for (let i = 5; i < 10; i += 1) expect(await timed(() => gateway.ask(fresh(i)))).toBeLessThan(bound)
    proxy.garble = undefined
    await gateway.ready()
    await gateway.close()
    proxy.close()
  })
})
