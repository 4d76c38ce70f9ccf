import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { readGatewayState, stateFrom } from './gateway-state.ts'
import { parseMetrics } from './parse-metrics.ts'

const page = `# HELP gatehouse_upstream_requests_total Requests to replicas by how they ended.
# TYPE gatehouse_upstream_requests_total counter
gatehouse_upstream_requests_total{shard="s-1",replica="b",outcome="failed"} 2
gatehouse_upstream_requests_total{shard="s-0",replica="a",outcome="answered"} 14
gatehouse_upstream_requests_total{shard="s-0",replica="a",outcome="failed"} 1
gatehouse_upstream_requests_total{shard="s-0",replica="b",outcome="answered"} 1
gatehouse_upstream_request_duration_seconds_bucket{le="0.1",shard="s-0",replica="a"} 12
gatehouse_upstream_request_duration_seconds_bucket{le="+Inf",shard="s-0",replica="a"} 15
gatehouse_upstream_request_duration_seconds_bucket{le="0.1",shard="s-0",replica="b"} 0
gatehouse_upstream_request_duration_seconds_bucket{le="+Inf",shard="s-0",replica="b"} 1
gatehouse_upstream_request_duration_seconds_sum{shard="s-0",replica="a"} 1.5
gatehouse_upstream_request_duration_seconds_sum{shard="s-0",replica="b"} 2
gatehouse_upstream_request_duration_seconds_count{shard="s-0",replica="a"} 15
gatehouse_upstream_request_duration_seconds_count{shard="s-0",replica="b"} 1
gatehouse_requests_total{endpoint="query",code="200"} 3
gatehouse_requests_total{endpoint="series",code="200"} 4
gatehouse_requests_total{endpoint="query",code="503"} 1
gatehouse_cache_requests_total{endpoint="query",result="hit"} 5
gatehouse_audit_spool_bytes 100
gatehouse_queue_waiting 2
`

let server: Server | undefined
afterEach(() => server?.close())

async function gateway(answers: Readonly<Record<string, readonly [number, string]>>): Promise<string> {
  server = createServer((request, response) => {
    const [status, body] = answers[request.url ?? ''] ?? [404, '']
    response.writeHead(status).end(body)
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const ca = (): undefined => undefined

describe('parseMetrics', () => {
  it('reads labels with quotes, and leaves out what is none', () => {
    expect(parseMetrics('# x\na{b="c\\"d",e="f,g"} 1e3 17\nnonsense\nb NaN\n')).toEqual([
      { name: 'a', labels: { b: 'c"d', e: 'f,g' }, value: 1_000 },
      { name: 'b', labels: {}, value: Number.NaN },
    ])
  })
})

describe('stateFrom', () => {
  it('tells shards with their replicas, requests, cache, queue and spool', () => {
    const state = stateFrom(page)
    expect(state.shards.map(({ name }) => name)).toEqual(['s-0', 's-1'])
    const seconds = (count: number, sum: number, fast: number) => ({
      count,
      sum,
      buckets: [
        { le: '0.1', count: fast },
        { le: '+Inf', count },
      ],
    })
    expect(state.shards[0]).toEqual({
      name: 's-0',
      seconds: seconds(16, 3.5, 12),
      replicas: [
        { name: 'a', seconds: seconds(15, 1.5, 12), outcomes: { answered: 14, failed: 1 } },
        { name: 'b', seconds: seconds(1, 2, 0), outcomes: { answered: 1 } },
      ],
    })
    expect(state.requests.byCode).toEqual({ 200: 7, 503: 1 })
    expect(state.cache.byResult).toEqual({ hit: 5 })
    expect([state.spool.bytes, state.queue.waiting]).toEqual([100, 2])
  })
})

describe('readGatewayState', () => {
  it('is ready', async () => {
    const gatewayUrl = await gateway({ '/metrics': [200, page], '/-/ready': [200, 'ready'] })
    const state = await readGatewayState({ gatewayUrl, ca })
    expect(state).toMatchObject({ reachable: true, ready: true, problem: null })
    expect(state.shards).toHaveLength(2)
  })

  it('says why it is not ready', async () => {
    const gatewayUrl = await gateway({ '/metrics': [200, page], '/-/ready': [503, 'no policy yet\n'] })
    expect(await readGatewayState({ gatewayUrl, ca })).toMatchObject({
      ready: false,
      problem: 'no policy yet',
    })
  })

  it.each([
    ['an error', { '/metrics': [500, ''] }, 'its metrics answered with status 500'],
    ['too long an answer', { '/metrics': [200, 'x'.repeat(17 * 1_048_576)] }, 'its answer is too long'],
  ] as const)('survives %s', async (_, answers, problem) => {
    const gatewayUrl = await gateway(answers)
    expect(await readGatewayState({ gatewayUrl, ca })).toMatchObject({
      reachable: false,
      problem,
      shards: [],
    })
  })

  it('survives nobody there', async () => {
    const state = await readGatewayState({ gatewayUrl: 'http://127.0.0.1:9', ca })
    expect(state).toMatchObject({ reachable: false, problem: 'the gateway does not answer' })
  })
})
