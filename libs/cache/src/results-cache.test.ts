import { gunzipSync } from 'node:zlib'
import { GatehouseError } from '@gatehouse/errors'
import { describe, expect, it } from 'vitest'
import type { CacheRequest, CachedAnswer, Fetch } from './model.ts'
import { createTestGateway, rangeRequest } from './testing/gateway.ts'
import { createWorld, plainFacts } from './testing/world.ts'

const start = 1_700_000_040_000
const minute = 60_000
const hour = 60 * minute

function setUp() {
  const world = createWorld(start, 10_000)
  return { world, ...createTestGateway(world) }
}

const tenants = ['a']
const window = (end: number, points = 61) => ({ start: end - (points - 1) * minute, end, step: minute })

function bodyOf<S>(answer: CachedAnswer<S>): string {
  if (answer.kind !== 'body') throw new Error('a stream')
  return answer.body.toString()
}

function instantRequest(time: number, more: Partial<CacheRequest> = {}): CacheRequest {
  const request = rangeRequest(tenants, window(start))
  return { ...request, key: { ...request.key, endpoint: 'query', times: { kind: 'instant', time } }, ...more }
}

function lookupRequest(more: Partial<CacheRequest> = {}): CacheRequest {
  const request = rangeRequest(tenants, window(start))
  const times = { kind: 'lookup', start: undefined, end: undefined } as const
  return { ...request, key: { ...request.key, endpoint: 'labels', times }, ...more }
}

function fetchText(texts: readonly string[]) {
  let calls = 0
  const fetch: Fetch<never> = async () => {
    const body = Buffer.from(texts[Math.min(calls, texts.length - 1)] ?? '')
    calls += 1
    return { kind: 'body', body, isComplete: true, asOf: undefined }
  }
  return { fetch, calls: () => calls }
}
const success = (data: string, rest = ''): string => `{"status":"success","data":${data}${rest}}`

describe('a range query', () => {
  it('fetches only the end of a window that moved', async () => {
    const { world, cache } = setUp()
    const first = window(start)
    await cache.cached(rangeRequest(tenants, first), world.fetch(tenants, first))
    world.now += minute
    const moved = window(start + minute)
    const answer = await cache.cached(rangeRequest(tenants, moved), world.fetch(tenants, moved))
    expect(answer.outcome).toMatchObject({
      result: 'extended',
      fetched: [{ from: start, to: start + minute }],
    })
    expect(bodyOf(answer)).toBe(world.answer(tenants, moved).toString())
  })

  it('hits without any call when the window is older than the bound', async () => {
    const { world, cache } = setUp()
    const wide = window(start - hour, 200)
    await cache.cached(rangeRequest(tenants, wide), world.fetch(tenants, wide))
    const narrow = { start: wide.start + 7 * minute, end: wide.end - 3 * minute, step: minute }
    const answer = await cache.cached(rangeRequest(tenants, narrow), world.fetch(tenants, narrow))
    expect(answer.outcome).toMatchObject({ result: 'hit', fetched: [] })
    expect(bodyOf(answer)).toBe(world.answer(tenants, narrow).toString())
    expect(world.calls).toBe(1)
  })

  it('keeps apart what starts at another phase', async () => {
    const { world, cache } = setUp()
    const aligned = window(start - hour)
    const odd = { start: aligned.start + 1, end: aligned.end + 1, step: minute }
    await cache.cached(rangeRequest(tenants, aligned), world.fetch(tenants, aligned))
    const answer = await cache.cached(rangeRequest(tenants, odd), world.fetch(tenants, odd))
    expect(answer.outcome.result).toBe('miss')
    expect(bodyOf(answer)).toBe(world.answer(tenants, odd).toString())
  })

  it('gives the same text again for a moment, then asks for the youngest samples', async () => {
    const { world, cache } = setUp()
    const range = window(start)
    const ask = () => cache.cached(rangeRequest(tenants, range), world.fetch(tenants, range))
    await ask()
    world.now += 1_999
    expect((await ask()).outcome.result).toBe('hit')
    world.now += 1
    expect((await ask()).outcome).toMatchObject({ fetched: [{ from: start, to: start }] })
  })

  it('trusts the clock of the shards over its own', async () => {
    const { world, cache, clock } = setUp()
    clock.skew = hour
    const range = window(start)
    await cache.cached(rangeRequest(tenants, range), world.fetch(tenants, range))
    clock.skew = 0
    world.now += 3 * minute
    const answer = await cache.cached(rangeRequest(tenants, range), world.fetch(tenants, range))
    expect(bodyOf(answer)).toBe(world.answer(tenants, range).toString())
  })

  it('keeps nothing of what @ pins before it is final by the clock of the shards', async () => {
    const { world, cache, clock } = setUp()
    clock.skew = 10 * minute
    const range = window(start - hour)
    const at = start - 5_000
    const request = rangeRequest(tenants, range, { facts: { ...plainFacts, latestAt: at } })
    const ask = () => cache.cached(request, world.fetch(tenants, range, at))
    expect((await ask()).outcome.result).toBe('miss')
    expect((await ask()).outcome.result).toBe('miss')
    world.now += 5 * minute
    expect(bodyOf(await ask())).toBe(world.answer(tenants, range, at).toString())
    expect((await ask()).outcome.result).toBe('hit')
    expect(world.calls).toBe(3)
  })

  it('takes the clock of the shards as it was when the request came', async () => {
    const { world, cache, clock } = setUp()
    clock.skew = hour
    const range = window(start)
    const slowly: Fetch<never> = async (demand) => {
      const body = world.answer(tenants, demand.range ?? range)
      world.now += 3 * minute
      return { kind: 'body', body, isComplete: true, asOf: world.now }
    }
    await cache.cached(rangeRequest(tenants, range), slowly)
    clock.skew = 0
    world.now += 2_000
    const answer = await cache.cached(rangeRequest(tenants, range), world.fetch(tenants, range))
    expect(bodyOf(answer)).toBe(world.answer(tenants, range).toString())
  })

  it('does not use what was stored under a later clock', async () => {
    const { world, cache, clock } = setUp()
    clock.skew = hour
    const range = window(start - 3 * hour)
    await cache.cached(rangeRequest(tenants, range), world.fetch(tenants, range))
    clock.skew = 0
    const wider = { ...range, end: range.end + minute }
    const answer = await cache.cached(rangeRequest(tenants, wider), world.fetch(tenants, wider))
    expect(answer.outcome.result).toBe('miss')
  })

  it('fetches anew when an extent is too old', async () => {
    const { world, cache } = setUp()
    const range = window(start - hour)
    const ask = () => cache.cached(rangeRequest(tenants, range), world.fetch(tenants, range))
    await ask()
    world.now += 21_600_000
    expect((await ask()).outcome.result).toBe('miss')
  })

  it('fetches the whole when a missing end cannot be cut', async () => {
    const { world, cache } = setUp()
    const first = window(start)
    await cache.cached(rangeRequest(tenants, first), world.fetch(tenants, first))
    world.now += minute
    const moved = window(start + minute)
    const strange: Fetch<never> = async ({ range }) => ({
      kind: 'body',
      body: Buffer.from(range?.start === moved.start ? success('"whole"') : success('"part"')),
      isComplete: true,
      asOf: undefined,
    })
    expect(bodyOf(await cache.cached(rangeRequest(tenants, moved), strange))).toBe(success('"whole"'))
  })

  it('keeps nothing of an entry that would be too large', async () => {
    const world = createWorld(start, 10_000)
    const { cache, memory } = createTestGateway(world, { maxEntryBytes: 100 })
    const range = window(start - hour)
    await cache.cached(rangeRequest(tenants, range), world.fetch(tenants, range))
    expect(memory.bytes).toBe(0)
  })

  it('by-passes with a reason that explain gives too, and still asks once for all', async () => {
    const { world, cache } = setUp()
    const range = window(start - hour)
    const request = rangeRequest(tenants, range, { facts: { ...plainFacts, hasNegativeOffset: true } })
    expect(cache.explain(request)).toEqual({ bypass: 'negative_offset', settledUntil: start - minute })
    const ask = () => cache.cached(request, world.fetch(tenants, range))
    const answers = await Promise.all([ask(), ask(), ask()])
    expect(world.calls).toBe(1)
    expect(answers[0]?.outcome).toMatchObject({ result: 'bypass', reason: 'negative_offset' })
    await ask()
    expect(world.calls).toBe(2)
  })

  it('leaves no trace of a request that wants none', async () => {
    const { world, cache, memory } = setUp()
    const range = window(start - hour)
    const ask = (noStore: boolean) =>
      cache.cached(rangeRequest(tenants, range, { noStore }), world.fetch(tenants, range))
    expect((await ask(true)).outcome.result).toBe('bypass')
    expect(memory.bytes).toBe(0)
    await ask(false)
    expect((await ask(true)).outcome.result).toBe('bypass')
  })
})

describe('other answers', () => {
  it('are kept for their time, the same question only', async () => {
    const { world, cache } = setUp()
    const { fetch, calls } = fetchText([success('["a"]'), success('["b"]')])
    expect(bodyOf(await cache.cached(lookupRequest(), fetch))).toBe(success('["a"]'))
    world.now += 29_999
    expect(bodyOf(await cache.cached(lookupRequest(), fetch))).toBe(success('["a"]'))
    expect(calls()).toBe(1)
    const request = lookupRequest()
    await cache.cached({ ...request, key: { ...request.key, expressions: ['{tenant="b"}'] } }, fetch)
    expect(calls()).toBe(2)
  })

  it('are given stale while one call refreshes them, within one policy version only', async () => {
    const { world, cache } = setUp()
    const { fetch, calls } = fetchText([success('["a"]'), success('["b"]')])
    await cache.cached(lookupRequest(), fetch)
    world.now += 30_001
    const fresh = lookupRequest({ policyVersion: 'p2' })
    const stale = await Promise.all(Array.from({ length: 50 }, () => cache.cached(lookupRequest(), fetch)))
    expect(stale.map(({ outcome }) => outcome.result)).toEqual(Array.from({ length: 50 }, () => 'stale'))
    expect(stale.map(bodyOf)).toEqual(Array.from({ length: 50 }, () => success('["a"]')))
    await new Promise((resolve) => setImmediate(resolve))
    expect(bodyOf(await cache.cached(lookupRequest(), fetch))).toBe(success('["b"]'))
    expect(calls()).toBe(2)
    world.now += 30_001
    expect((await cache.cached(fresh, fetch)).outcome.result).toBe('miss')
  })

  it('are never given stale to alert rules', async () => {
    const { world, cache } = setUp()
    const { fetch, calls } = fetchText([success('["a"]'), success('["b"]')])
    await cache.cached(lookupRequest(), fetch)
    world.now += 30_001
    expect(bodyOf(await cache.cached(lookupRequest({ allowStale: false }), fetch))).toBe(success('["b"]'))
    expect(calls()).toBe(2)
  })

  it('are kept long only if no sample can change by the clock of the shards', async () => {
    const { world, cache, clock } = setUp()
    clock.skew = hour
    let calls = 0
    const fetch: Fetch<never> = async () => {
      calls += 1
      return { kind: 'body', body: Buffer.from(success('[]')), isComplete: true, asOf: world.now }
    }
    await cache.cached(instantRequest(start), fetch)
    world.now += 10 * minute
    await cache.cached(instantRequest(start), fetch)
    expect(calls).toBe(2)
  })

  it('that may be partial are no answer for those who take none, who ask at the same time', async () => {
    const { world, cache } = setUp()
    world.down.add('a')
    const range = window(start - hour)
    const ask = (allowsPartial: boolean) =>
      cache.cached(rangeRequest(tenants, range, { allowsPartial }), async (demand) => {
        if (!allowsPartial) throw new GatehouseError('unavailable', 'a shard is down')
        return world.fetch(tenants, range)(demand)
      })
    const [partial, whole] = await Promise.allSettled([ask(true), ask(false)])
    expect(partial).toMatchObject({ status: 'fulfilled', value: { isComplete: false } })
    expect(whole).toMatchObject({ status: 'rejected', reason: { code: 'unavailable' } })
  })

  it.each([
    ['warnings', success('[]', ',"warnings":["x"]')],
    ['warnings beside infos', success('[]', ',"warnings":["PromQL info: x","y"]')],
    ['no known form', '<html>'],
    ['a partial answer of another server', success('[]', ',"isPartial":true')],
  ])('are not kept with %s', async (_name, text) => {
    const { cache, memory } = setUp()
    const { fetch, calls } = fetchText([text])
    for (const request of [lookupRequest(), instantRequest(start)]) {
      expect(bodyOf(await cache.cached(request, fetch))).toBe(text)
      await cache.cached(request, fetch)
    }
    expect(calls()).toBe(4)
    expect(memory.bytes).toBe(0)
  })

  it.each([
    ',"infos":["x"]',
    // As Prometheus 2 tells them.
    ',"warnings":["PromQL info: x"]',
  ])('with infos are given again as they are, and never cut: %s', async (infos) => {
    const { cache } = setUp()
    const matrix = '{"resultType":"matrix","result":[{"metric":{},"values":[]}]}'
    const text = success(matrix, infos)
    const { fetch, calls } = fetchText([text])
    const wide = rangeRequest(tenants, window(start - hour))
    for (const request of [lookupRequest(), wide])
      for (let i = 0; i < 2; i += 1) expect(bodyOf(await cache.cached(request, fetch))).toBe(text)
    expect(calls()).toBe(2)
    const narrow = rangeRequest(tenants, window(start - hour, 31))
    expect((await cache.cached(narrow, fetch)).outcome.result).toBe('miss')
  })

  it('are kept long only if no sample can change', async () => {
    const cases: readonly (readonly [CacheRequest, number])[] = [
      [instantRequest(start), 2],
      [instantRequest(start - hour), 1],
      [instantRequest(start - hour, { facts: { ...plainFacts, hasNegativeOffset: true } }), 2],
      [instantRequest(start - hour, { facts: { ...plainFacts, latestAt: start } }), 2],
      [instantRequest(start - hour, { facts: { ...plainFacts, isOrderDependent: true } }), 2],
      [instantRequest(start - hour, { facts: { ...plainFacts, latestAt: start - hour } }), 1],
    ]
    for (const [request, expected] of cases) {
      const { world, cache } = setUp()
      const { fetch, calls } = fetchText([success('[]')])
      await cache.cached(request, fetch)
      world.now += hour
      await cache.cached(request, fetch)
      expect(calls()).toBe(expected)
    }
  })

  it.each([
    ['bad_data', 1],
    ['execution', 1],
    ['unavailable', 2],
    ['timeout', 2],
    ['internal', 2],
    ['bad_gateway', 2],
  ] as const)('that fail with %s take %d calls when repeated', async (code, expected) => {
    const { world, cache } = setUp()
    let calls = 0
    const fetch: Fetch<never> = async () => {
      calls += 1
      throw new GatehouseError(code, 'no')
    }
    const ask = () => cache.cached(instantRequest(start), fetch).catch((error: unknown) => error)
    expect(await ask()).toMatchObject({ code })
    world.now += 999
    expect(await ask()).toMatchObject({ code })
    expect(calls).toBe(expected)
    world.now += 1
    await ask()
    expect(calls).toBe(expected + 1)
  })

  it('are compressed once', async () => {
    const { cache, memory } = setUp()
    const { fetch } = fetchText([success(JSON.stringify('x'.repeat(5_000)))])
    const first = await cache.cached(lookupRequest(), fetch)
    const before = memory.bytes
    if (first.kind !== 'body') throw new Error('a stream')
    const packed = await first.gzip()
    expect(gunzipSync(packed).equals(first.body)).toBe(true)
    expect(memory.bytes).toBe(before + packed.length)
    const again = await cache.cached(lookupRequest(), fetch)
    expect(again.kind === 'body' && (await again.gzip())).toBe(packed)
  })
})

describe('a stream', () => {
  it('goes to one caller; the others fetch their own', async () => {
    const { world } = setUp()
    const { cache } = createTestGateway(world)
    let calls = 0
    const fetch = async () => ({ kind: 'stream', stream: (calls += 1) }) as never
    const answers = await Promise.all([1, 2, 3].map(() => cache.cached(instantRequest(start), fetch)))
    expect(new Set(answers.map((answer) => answer.kind === 'stream' && answer.stream))).toEqual(
      new Set([1, 2, 3]),
    )
  })
})

describe('the time waited for another caller', () => {
  const waitedOf = (waits: (number | undefined)[], answer: Fetch<never>): Fetch<never> => {
    return async (demand) => {
      waits.push(demand.waited)
      // The others come meanwhile.
      await new Promise((resolve) => setImmediate(resolve))
      return answer(demand)
    }
  }

  it('is told to the fetch of who takes over', async () => {
    const { world, cache } = setUp()
    const waits: (number | undefined)[] = []
    const full = waitedOf(waits, async () => {
      world.now += 5_000
      throw new GatehouseError('too_many_requests', 'no slot became free in time')
    })
    const ask = () => cache.cached(instantRequest(start), full).catch((error: unknown) => error)
    const answers = await Promise.all([ask(), ask(), ask()])
    expect(answers).toMatchObject(answers.map(() => ({ code: 'too_many_requests' })))
    expect(waits).toEqual([0, 5_000, 10_000])
  })

  it('is told to the fetch of who cannot share a stream, as far as it was for slots', async () => {
    const { world, cache } = setUp()
    const waits: (number | undefined)[] = []
    const streaming = waitedOf(waits, async () => {
      world.now += 3_000
      return { kind: 'stream', stream: {} as never, queued: 700 }
    })
    await Promise.all([1, 2].map(() => cache.cached(instantRequest(start), streaming)))
    expect(waits).toEqual([0, 700])
  })
})

describe('access', () => {
  it('decides which entries a caller shares', async () => {
    const { world, cache } = setUp()
    const range = window(start - hour)
    const ask = (who: readonly string[]) => cache.cached(rangeRequest(who, range), world.fetch(who, range))
    const answers = await Promise.all([ask(['a']), ask(['b']), ask(['a', 'b']), ask(['a', 'b'])])
    expect(world.calls).toBe(3)
    for (const [i, who] of [['a'], ['b'], ['a', 'b'], ['a', 'b']].entries()) {
      expect(bodyOf(answers[i] as CachedAnswer<never>)).toBe(world.answer(who, range).toString())
    }
  })
})
