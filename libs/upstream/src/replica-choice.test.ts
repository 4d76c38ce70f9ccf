import { setTimeout as sleep } from 'node:timers/promises'
import { type UpstreamRequest, type Shard } from '@gatehouse/query'
import { afterEach, describe, expect, it } from 'vitest'
import {
  closeAll,
  good,
  type Handler,
  isProbe,
  json,
  patience,
  request,
  shardOf,
  start,
  startReplica,
} from './testing/replicas.ts'
import type { Upstream } from './upstream.ts'

afterEach(closeAll)

/** Asks once; the replica that answered, or the code of the failure. */
async function ask(upstream: Upstream, shard: Shard, asked: UpstreamRequest = request): Promise<string> {
  try {
    const { exchange, replica } = await upstream.open(shard, asked, patience())
    exchange.abort(new Error('done'))
    return replica
  } catch (error) {
    return (error as { code: string }).code
  }
}

const hang: Handler = () => undefined

/** Answers questions after a while, and probes at once. */
function slow(ms: number): Handler {
  return (message, res, body) => {
    if (isProbe(message, body)) good(message, res, body)
    else setTimeout(() => good(message, res, body), ms)
  }
}

function share(answers: readonly string[], name: string): number {
  return answers.filter((answer) => answer === name).length
}

describe('a replica that hangs', () => {
  it('costs the first question a moment, and is left out then', async () => {
    const [hung, well] = [await startReplica(hang), await startReplica(good)]
    const upstream = start()
    const shard = shardOf(hung.url, well.url)
    const started = performance.now()
    expect(await ask(upstream, shard)).toBe('r1')
    // Far from the 30 s until its headers are given up.
    expect(performance.now() - started).toBeLessThan(5_000)
    await sleep(700)
    for (let i = 0; i < 30; i += 1) expect(await ask(upstream, shard)).toBe('r1')
    expect(hung.requests.length).toBeLessThanOrEqual(3)
  })

  it('costs many at once no more, though only some of them may be asked twice', async () => {
    const [hung, well] = [await startReplica(hang), await startReplica(good)]
    const upstream = start()
    const shard = shardOf(hung.url, well.url)
    const started = performance.now()
    const answers = await Promise.all(Array.from({ length: 60 }, () => ask(upstream, shard)))
    expect(share(answers, 'r1')).toBe(60)
    expect(performance.now() - started).toBeLessThan(8_000)
  })

  it('is asked again when it has recovered', async () => {
    let isHung = true
    const first = await startReplica((...of) => (isHung ? undefined : good(...of)))
    const second = await startReplica(good)
    const upstream = start()
    const shard = shardOf(first.url, second.url)
    expect(await ask(upstream, shard)).toBe('r1')
    await sleep(700)
    isHung = false
    const answers: string[] = []
    for (let i = 0; i < 120 && !answers.includes('r0'); i += 1) {
      answers.push(await ask(upstream, shard))
      await sleep(100)
    }
    expect(answers).toContain('r0')
  })
})

describe('a shard whose only replica hangs', () => {
  it('is given up within seconds, and refuses at once from then on', async () => {
    const hung = await startReplica(hang)
    const upstream = start()
    const shard = shardOf(hung.url)
    const started = performance.now()
    expect(await ask(upstream, shard)).toBe('unavailable')
    // Far from the 20 s the caller has.
    expect(performance.now() - started).toBeLessThan(10_000)
    for (let i = 0; i < 20; i += 1) expect(await ask(upstream, shard)).toBe('unavailable')
    expect(hung.requests).toHaveLength(1)
  })

  it('is found out by callers who have little time, too', async () => {
    const hung = await startReplica(hang)
    const upstream = start()
    const shard = shardOf(hung.url)
    const askBriefly = () => upstream.open(shard, request, patience(1_200)).catch((error: unknown) => error)
    await askBriefly()
    await sleep(700)
    expect(await askBriefly()).toMatchObject({ code: 'unavailable' })
    expect(hung.requests).toHaveLength(1)
  })

  it('is not mistaken for one that takes its time, nor for one whose callers left at once', async () => {
    const long = await startReplica(slow(4_000))
    const upstream = start()
    expect(await ask(upstream, shardOf(long.url))).toBe('r0')
    let isHung = true
    const other = await startReplica((...of) => (isHung ? undefined : good(...of)))
    const shard = shardOf(other.url)
    await Promise.all(
      Array.from({ length: 20 }, () => upstream.open(shard, request, patience(100)).catch(() => undefined)),
    )
    isHung = false
    expect(await ask(upstream, shard)).toBe('r0')
  })
})

describe('replicas that are slow', () => {
  it('are asked twice for a tenth of the questions at most, and ten', async () => {
    const [one, two] = [await startReplica(slow(1_600)), await startReplica(slow(1_600))]
    const upstream = start()
    const shard = shardOf(one.url, two.url)
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask(upstream, shard)))
    expect(share(answers, 'r0') + share(answers, 'r1')).toBe(50)
    const asked = one.requests.length + two.requests.length
    expect(asked).toBeGreaterThan(50)
    expect(asked).toBeLessThanOrEqual(50 + 10 + 5)
  })

  it('are passed over for quicker ones', async () => {
    const [one, two] = [await startReplica(slow(200)), await startReplica(good)]
    const upstream = start()
    const shard = shardOf(one.url, two.url)
    const answers: string[] = []
    for (let i = 0; i < 20; i += 1) answers.push(await ask(upstream, shard))
    expect(share(answers, 'r1')).toBeGreaterThanOrEqual(15)
  })

  it('share what comes at once', async () => {
    const [one, two] = [await startReplica(slow(300)), await startReplica(slow(300))]
    const upstream = start()
    const shard = shardOf(one.url, two.url)
    await Promise.all(Array.from({ length: 20 }, () => ask(upstream, shard)))
    expect(Math.min(one.requests.length, two.requests.length)).toBeGreaterThanOrEqual(8)
  })
})

describe('retries', () => {
  /** Every second question fails, so that the breaker stays closed. */
  const flaky = (status: number): Handler => {
    let asked = 0
    return (message, res, body) => {
      if (isProbe(message, body)) return good(message, res, body)
      asked += 1
      if (asked % 2 === 0) good(message, res, body)
      else json(res, status, {})
    }
  }

  it('are a tenth of the questions at most, and ten', async () => {
    const [one, two] = [await startReplica(flaky(503)), await startReplica(good)]
    const upstream = start()
    const shard = shardOf(one.url, two.url)
    const answers: string[] = []
    for (let i = 0; i < 100; i += 1) answers.push(await ask(upstream, shard))
    expect(one.requests.length + two.requests.length).toBeLessThanOrEqual(100 + 10 + 10)
    expect(share(answers, 'r1')).toBeGreaterThanOrEqual(10)
  })

  it.each([400, 404, 422, 429])('are not made after %i', async (status) => {
    const [one, two] = [await startReplica((_m, res) => json(res, status, {})), await startReplica(good)]
    const upstream = start()
    for (let i = 0; i < 10; i += 1) await ask(upstream, shardOf(one.url, two.url))
    expect([one.requests.length, two.requests.length]).toEqual([10, 0])
  })

  it('are not counted where nothing was connected to', async () => {
    const two = await startReplica(good)
    const upstream = start()
    const shards = Array.from({ length: 30 }, (_, i) => shardOf(`http://127.0.0.1:${i + 1}`, two.url))
    for (const shard of shards) expect(await ask(upstream, shard)).toBe('r1')
  })
})

describe('a replica that lacks what another has', () => {
  /** Says how many scrapes it has of each of the last minutes, oldest first. */
  const having = (counts: readonly number[]): Handler => {
    return (message, res, body) => {
      if (!body.startsWith('query=sum(count_over_time')) return good(message, res, body)
      const end = Number(new URLSearchParams(body).get('end'))
      const values = counts.map((count, i) => [end - (counts.length - 1 - i) * 60, String(count)])
      json(res, 200, { status: 'success', data: { resultType: 'matrix', result: [{ metric: {}, values }] } })
    }
  }
  const whole = Array.from({ length: 31 }, () => 8)

  it.each<[string, readonly number[], string]>([
    ['lags by minutes', [...whole.slice(0, 26), 0, 0, 0, 0, 0], 'r1'],
    ['has a gap', [...whole.slice(0, 10), 0, 0, 0, ...whole.slice(13)], 'r1'],
    ['was restarted empty', [...whole.slice(0, 25).map(() => 0), ...whole.slice(25)], 'r1'],
    ['scrapes a few less now and then', whole.map((_, i) => (i % 3 === 0 ? 7 : 8)), 'r0'],
    ['is behind by the scrape that is just being made', [...whole.slice(0, 30), 2], 'r0'],
  ])('because it %s', async (_name, counts, expected) => {
    const [one, two] = [await startReplica(having(counts)), await startReplica(having(whole))]
    const upstream = start()
    const shard = shardOf(one.url, two.url)
    expect(await ask(upstream, shard)).toBe('r0')
    await sleep(1_100)
    await ask(upstream, shard)
    await sleep(300)
    for (let i = 0; i < 5; i += 1) expect(await ask(upstream, shard)).toBe(expected)
  })

  it('is asked all the same when the other one is gone', async () => {
    const lagging = await startReplica(having([...whole.slice(0, 20), ...whole.slice(20).map(() => 0)]))
    let isWell = true
    const two = await startReplica((...of) => (isWell ? having(whole)(...of) : json(of[1], 503, {})))
    const upstream = start()
    const shard = shardOf(lagging.url, two.url)
    await ask(upstream, shard)
    await sleep(1_100)
    await ask(upstream, shard)
    await sleep(300)
    expect(await ask(upstream, shard)).toBe('r1')
    isWell = false
    expect(await ask(upstream, shard)).toBe('r0')
  })
})
