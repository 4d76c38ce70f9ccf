import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { instantRequest, type Shard } from '@gatehouse/query'
import { createMetrics } from '@gatehouse/telemetry'
import { afterEach, describe, expect, it } from 'vitest'
import { createAddressPolicy } from './addresses.ts'
import { createConnections } from './connections.ts'
import { createUpstream } from './upstream.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

const refuses = (allowed: readonly string[], url: string): boolean => {
  try {
    createAddressPolicy(allowed).checkUrl(url)
    return false
  } catch {
    return true
  }
}

describe('the addresses of upstreams', () => {
  it.each([
    'http://169.254.169.254/latest/meta-data',
    'http://169.254.0.1',
    'http://[fd00:ec2::254]',
    'http://[fe80::1]',
    'http://[::ffff:169.254.169.254]',
    'http://[::ffff:a9fe:a9fe]',
    'http://[64:ff9b::169.254.169.254]',
    'http://[64:ff9b::a9fe:a9fe]',
    'http://[2002:a9fe:a9fe::1]',
    'http://2852039166',
    'http://0xa9fea9fe',
    'http://0251.0376.0251.0376',
    'http://169.254.43518',
    'http://100.100.100.200',
    'http://192.0.0.192',
    'http://168.63.129.16',
    'http://0.0.0.0:9090',
    'http://0:9090',
    'http://[::]:9090',
    'http://224.0.0.1',
    'http://255.255.255.255',
    'http://[ff02::1]',
    'http://169.254.169.254.',
  ])('are never %s, not even where all networks are allowed', (url) => {
    expect([refuses([], url), refuses(['0.0.0.0/0', '::/0'], url)]).toEqual([true, true])
  })

  it.each([
    'http://127.0.0.1:9090',
    'http://localhost:9090',
    'http://10.1.2.3:9090',
    'http://192.168.0.1',
    'http://172.16.0.1',
    'https://[fd12:3456::1]:9090',
    'http://prometheus-0.prometheus.monitoring.svc:9090/base',
    'https://203.0.113.7',
  ])('may be %s by default', (url) => expect(refuses([], url)).toBe(false))

  it.each<[string, readonly string[], string, boolean]>([
    ['an address in a network of it', ['10.0.0.0/8'], 'http://10.9.9.9', false],
    ['an address outside', ['10.0.0.0/8'], 'http://11.9.9.9', true],
    ['the same, written as IPv6', ['10.0.0.0/8'], 'http://[::ffff:11.9.9.9]', true],
    ['an address that is in it, written as IPv6', ['10.0.0.0/8'], 'http://[::ffff:10.9.9.9]', false],
    ['one address', ['10.0.0.1'], 'http://10.0.0.1', false],
    ['a host', ['prometheus.svc'], 'http://Prometheus.svc:9090', false],
    ['another host', ['prometheus.svc'], 'http://evil.prometheus.svc', true],
    ['a host below', ['*.prom.svc'], 'http://a.prom.svc', false],
    ['a host that only ends so', ['*.prom.svc'], 'http://evilprom.svc', true],
    ['the host itself', ['*.prom.svc'], 'http://prom.svc', true],
    ['a link-local network that is named', ['169.254.7.0/24'], 'http://169.254.7.9', false],
    ['beside it', ['169.254.7.0/24'], 'http://169.254.169.254', true],
  ])('with a list: %s', (_name, allowed, url, isRefused) => expect(refuses(allowed, url)).toBe(isRefused))

  it('are looked up when a data source is made, and none that cannot be looked up is refused', async () => {
    await expect(createAddressPolicy(['10.0.0.0/8']).check('http://localhost:9090')).rejects.toMatchObject({
      code: 'bad_data',
    })
    await createAddressPolicy([]).check('http://localhost:9090')
    await createAddressPolicy(['10.0.0.0/8']).check('http://nowhere.invalid:9090')
  })
})

describe('a connection', () => {
  const ask = async (allowed: readonly string[], host: string) => {
    let requests = 0
    const server = createServer((_message, res) => {
      requests += 1
      res.writeHead(200, { 'content-type': 'application/json', 'content-length': 2 }).end('{}')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closers.push(() => server.close())
    const connections = createConnections({
      rules: [],
      addresses: createAddressPolicy(allowed),
      timeout: 1_000,
      onError: () => undefined,
    })
    const upstream = createUpstream({
      connections,
      options: { headersTimeout: 2_000, idleTimeout: 2_000, maxConnections: 1 },
      maxResponseBytes: 1_000,
      metrics: createMetrics(),
    })
    closers.push(() => upstream.close())
    const url = `http://${host}:${(server.address() as AddressInfo).port}`
    const shard: Shard = { name: 'one', slice: { tenants: ['a'] }, replicas: [{ name: 'r', url }] }
    const request = instantRequest('up' as never, 0, { timeout: 1_000 })
    const result = await upstream.open(shard, request, AbortSignal.timeout(5_000)).then(
      ({ exchange }) => {
        exchange.abort(new Error('done'))
        return 'answered'
      },
      (error: { code: string }) => error.code,
    )
    return { result, requests }
  }

  it.each(['127.0.0.1', 'localhost'])('is made to %s where that is allowed', async (host) => {
    expect(await ask(['127.0.0.0/8', '::1'], host)).toEqual({ result: 'answered', requests: 1 })
    expect(await ask(['localhost', '127.0.0.1'], host)).toEqual({ result: 'answered', requests: 1 })
  })

  it.each(['127.0.0.1', 'localhost'])(
    'is not made to %s, whatever was said of it when it was configured, if what it resolves to is not allowed',
    async (host) => {
      expect(await ask(['10.0.0.0/8'], host)).toEqual({ result: 'unavailable', requests: 0 })
    },
  )
})
