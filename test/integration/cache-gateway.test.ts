import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ApiAnswer, callApi } from '../support/prometheus-api.ts'
import { accessOf, type Stack, startStack } from '../support/stack.ts'

let stack: Stack
const tokens = new Map<string, string>()

beforeAll(async () => {
  stack = await startStack()
  for (const who of ['transport/all', 'transport/signals', 'transport/mixed', 'health/all', 'defence/all'])
    tokens.set(who, await stack.token(...(who.split('/') as [string, string])))
})
afterAll(() => stack.close())

function call(
  who: string,
  path: string,
  parameters: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<ApiAnswer> {
  return callApi(stack.base(), path, { parameters, headers, token: tokens.get(who) ?? '' })
}
const cacheOf = ({ headers }: ApiAnswer): string | null => headers.get('x-gatehouse-cache')
const rate = 'sum by (team) (rate(ml_predictions_total[5m]))'
/** A window of 20 minutes that ends some steps before the youngest sample. */
const window = (stepsAgo: number, query = rate) => {
  const end = Math.floor(stack.shards.now / 60) * 60 - 60 * stepsAgo
  return { query, start: String(end - 1_200), end: String(end), step: '60' }
}

describe('a range that moves', () => {
  it('fetches only the missing end, and says so', async () => {
    const first = await call('transport/all', 'query_range', window(10))
    expect([first.status, cacheOf(first)]).toEqual([200, 'miss'])
    const moved = await call('transport/all', 'query_range', window(8))
    const { start, end } = window(8)
    expect(cacheOf(moved)).toBe(`extended; fetched=${Number(end) - 60}.000-${end}.000`)
    const fresh = await call('transport/all', 'query_range', window(8), { 'cache-control': 'no-store' })
    expect(cacheOf(fresh)).toBe('bypass; reason=no_store')
    expect(moved.json).toEqual(fresh.json)
    expect(moved.json.data.result[0].values[0][0]).toBe(Number(start))
    const again = await call('transport/all', 'query_range', window(8))
    expect([cacheOf(again), again.headers.get('x-gatehouse-shards')]).toEqual(['hit', 'asked=0, answered=0'])
    expect(again.text).toBe(fresh.text)
  })

  it('is put together over several shards, too', async () => {
    const query = 'sum by (team) (rate(ml_predictions_total[5m])) / count by (team) (up)'
    await call('defence/all', 'query_range', window(12, query))
    const moved = await call('defence/all', 'query_range', window(9, query))
    expect(cacheOf(moved)).toMatch(/^extended; fetched=/)
    const fresh = await call('defence/all', 'query_range', window(9, query), { 'cache-control': 'no-store' })
    expect(moved.text).toBe(fresh.text)
    // The same parts are sent to the shards: only what is made of them differs.
    const other = await call('defence/all', 'query_range', window(9, query.replace('/', '*')))
    expect(cacheOf(other)).toBe('miss')
  })

  it('may be one point, of one shard or of several, and grows from it', async () => {
    for (const who of ['transport/all', 'defence/all']) {
      const query = 'sum by (team) (rate(ml_predictions_total[5m])) > 0'
      const { end } = window(14, query)
      const point = { ...window(14, query), start: end }
      const results: (string | null)[] = []
      for (const parameters of [point, point, { ...point, start: String(Number(end) - 60) }]) {
        const cached = await call(who, 'query_range', parameters)
        const fresh = await call(who, 'query_range', parameters, { 'cache-control': 'no-store' })
        expect([who, cached.text]).toEqual([who, fresh.text])
        expect(cached.json.data.result[0].values.length).toBe(parameters.start === end ? 1 : 2)
        results.push((cacheOf(cached) ?? '').split(';')[0] ?? null)
      }
      expect([who, results]).toEqual([who, ['miss', 'hit', 'extended']])
    }
  })

  it('is shared by equal access only', async () => {
    const query = 'count by (env) (up)'
    expect(cacheOf(await call('transport/all', 'query_range', window(10, query)))).toBe('miss')
    for (const who of ['transport/signals', 'transport/mixed', 'health/all'])
      expect([who, cacheOf(await call(who, 'query_range', window(10, query)))]).toEqual([who, 'miss'])
    expect(cacheOf(await call('transport/signals', 'query_range', window(10, query)))).toBe('hit')
  })
})

describe('everything else', () => {
  it.each([
    ['query', { query: 'sum(up)', time: '1000' }],
    ['labels', {}],
    ['series', { 'match[]': 'up' }],
    ['metadata', { limit: '3' }],
  ])('%s is kept', async (path, parameters) => {
    const first = await call('health/all', path, parameters as Record<string, string>)
    const again = await call('health/all', path, parameters as Record<string, string>)
    expect([cacheOf(first), cacheOf(again), again.text]).toEqual(['miss', 'hit', first.text])
  })

  it('has its reason told where it by-passes the cache', async () => {
    const answer = await call('transport/all', 'query_range', window(10, 'up offset -5m'))
    expect(cacheOf(answer)).toBe('bypass; reason=negative_offset')
    const explained = await callApi(stack.base(), '../../explain', {
      parameters: window(10, 'up offset -5m'),
      token: tokens.get('transport/all') ?? '',
    })
    expect(explained.json.data.cache).toMatchObject({ cacheable: false, reason: 'negative_offset' })
  })

  it.each([
    ['a time that is past', {}, 'sum(up @ 1000)', undefined],
    ['a limit', { limit: '3' }, 'sum(up)', 'limit'],
    ['statistics', { stats: 'all' }, 'sum(up)', 'stats'],
    ['the end of the range', {}, 'sum(up @ end())', 'query_range_bounds'],
  ])('explain tells what happens with %s', async (_what, options, query, reason) => {
    const parameters = { ...window(10, query), ...options }
    const answer = await call('transport/all', 'query_range', parameters)
    const explained = await callApi(stack.base(), '../../explain', {
      parameters,
      token: tokens.get('transport/all') ?? '',
    })
    expect(explained.json.data.cache.reason).toBe(reason)
    expect(cacheOf(answer)).toBe(reason === undefined ? 'miss' : `bypass; reason=${reason}`)
  })

  it('tells in infos where an answer comes from', async () => {
    const parameters = { ...window(10), infos: 'true' }
    await call('transport/all', 'query_range', parameters)
    const { json } = await call('transport/all', 'query_range', parameters)
    expect(json.infos).toEqual(['shards: asked=0, answered=0; replicas: none; cache: hit'])
  })

  it('is compressed for those who take it', async () => {
    const parameters = new URLSearchParams(window(10, 'rate(ml_predictions_total[5m])'))
    const headers = { authorization: `Bearer ${tokens.get('transport/all')}`, 'accept-encoding': 'gzip' }
    const plain = await call('transport/all', 'query_range', window(10, 'rate(ml_predictions_total[5m])'))
    const response = await fetch(`${stack.base()}/api/v1/query_range?${parameters}`, { headers })
    expect(response.headers.get('content-encoding')).toBe('gzip')
    expect(await response.text()).toBe(plain.text)
  })
})

describe('F08 the same question from 200 at once', () => {
  /** Range queries that the replicas of the first shard have answered, by their own count. */
  const counted = async (): Promise<number> => {
    const texts = stack.shards.one.map(async ({ url }) => (await fetch(`${url}/metrics`)).text())
    const line = /^prometheus_http_requests_total\{code="200",handler="\/api\/v1\/query_range"\} (\d+)$/m
    return (await Promise.all(texts)).reduce((sum, text) => sum + Number(line.exec(text)?.[1] ?? 0), 0)
  }

  it('is asked of real servers once, or of both replicas where the first takes its time', async () => {
    const before = await counted()
    const parameters = window(13, 'max by (team) (rate(ml_predictions_total[5m]))')
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => call('health/all', 'query_range', parameters)),
    )
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1)
    expect(answers[0]?.json.data.result.length).toBeGreaterThan(0)
    const asked = (await counted()) - before
    expect([1, 2]).toContain(asked)
  })
})

describe('evidence', () => {
  it('says of every answer how the cache came by it', async () => {
    const parameters = window(11, 'sum(up)')
    const results: (string | undefined)[] = []
    for (const headers of [{}, {}, { 'cache-control': 'no-store' }]) {
      const { requestId } = await call('health/all', 'query_range', parameters, headers)
      const [event] = await stack.auditOf(requestId)
      expect(event?.code).toBe('Q001I')
      results.push(event?.plan?.cache)
    }
    expect(results).toEqual(['miss', 'hit', 'bypass'])
  })

  it('names the follower of another request', async () => {
    const parameters = window(11, 'sum by (model) (rate(ml_predictions_total[5m]))')
    const answers = await Promise.all(
      Array.from({ length: 32 }, () => call('health/all', 'query_range', parameters)),
    )
    const told = answers.map(cacheOf)
    expect(told.filter((one) => one === 'miss')).toHaveLength(1)
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    const follower = answers[told.indexOf('follower')]
    if (follower === undefined) return
    const [event] = await stack.auditOf(follower.requestId)
    expect(event?.plan).toMatchObject({ cache: 'follower', shardsAnswered: ['shard-one'] })
    expect(event?.plan?.replicas).toHaveLength(1)
  })
})

describe('access that is taken away', () => {
  it('is refused at once, whatever is cached', async () => {
    const parameters = window(10, 'min(up)')
    await call('transport/signals', 'query_range', parameters)
    expect(cacheOf(await call('transport/signals', 'query_range', parameters))).toBe('hit')
    const access = accessOf(stack.shards)
    await stack.apply(access.replace(/.*serviceAccount: signals, role.*\n/, ''))
    const { status, headers } = await call('transport/signals', 'query_range', parameters)
    expect([status, headers.get('x-gatehouse-cache')]).toEqual([403, null])
    await stack.apply(access)
    expect((await call('transport/signals', 'query_range', parameters)).status).toBe(200)
  })
})
