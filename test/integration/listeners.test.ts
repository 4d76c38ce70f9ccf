import { renameSync, writeFileSync } from 'node:fs'
import { get, type RequestOptions } from 'node:https'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TLSSocket } from 'node:tls'
import { probeReady } from '@gatehouse/http'
import { freePort, temporaryDir } from '@gatehouse/local'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAuthority } from '../support/certificates.ts'
import { type ControlWorld, startControlWorld } from '../support/control-world.ts'
import { startGatewayWorld } from '../support/gateway-world.ts'
import { type RecordingPrometheus, startRecordingPrometheus } from '../support/recording-prometheus.ts'

const dir = temporaryDir()
const authority = createAuthority()
const certFile = join(dir.path, 'cert.pem')
const keyFile = join(dir.path, 'key.pem')
const gatewayCaFile = join(dir.path, 'ca.pem')

function install({ cert, key }: { readonly cert: string; readonly key: string }): void {
  for (const [file, text] of [
    [certFile, cert],
    [keyFile, key],
  ] as const) {
    writeFileSync(`${file}.new`, text)
    renameSync(`${file}.new`, file)
  }
}

const names = ['127.0.0.1', 'localhost']
let shard: RecordingPrometheus
let world: ControlWorld
let token: string
const accessOf = (url: string): string => `
apiVersion: gatehouse/v1
kind: Access
orgs:
  - uid: a
    name: A
    tenants: [a]
    serviceAccounts: [{ uid: all, name: All }]
    dataSources:
      - { uid: metrics, name: Metrics, shards: [{ name: one, tenants: [a], replicas: [{ name: r, url: "${url}" }] }] }
    grants: [{ serviceAccount: all, role: viewer }]
`

beforeAll(async () => {
  install(authority.issue(names))
  writeFileSync(gatewayCaFile, authority.cert)
  shard = await startRecordingPrometheus()
  world = await startControlWorld({
    access: accessOf(shard.url),
    gateway: {
      listenAddress: `127.0.0.1:${await freePort()}`,
      tls: { certFile, keyFile },
      trustProxy: ['127.0.0.0/8', '::1'],
      notReadyFor: '1s',
    },
    control: { tls: { certFile, keyFile }, gatewayCaFile, externalUrl: undefined },
  })
  token = await world.token('a', 'all')
})
afterAll(async () => {
  await world.close()
  await shard.close()
  dir.remove()
})

interface Answered {
  readonly status: number | undefined
  readonly headers: NodeJS.Dict<string | string[]>
  readonly serial: string
  readonly protocol: string | null
  readonly text: string
}

/** Asks over TLS, on a connection of its own, trusting the test's authority. */
function ask(url: string, options: RequestOptions = {}): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const call = { ca: authority.cert, agent: false, ...options } as const
    get(url, call, (response) => {
      const socket = response.socket as TLSSocket
      const { serialNumber: serial } = socket.getPeerCertificate()
      const protocol = socket.getProtocol()
      let text = ''
      response.on('data', (chunk: Buffer) => (text += chunk.toString()))
      response.on('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, serial, protocol, text }),
      )
    }).on('error', reject)
  })
}

const query = () => `${world.base()}/api/v1/query?query=up`
const withToken = (more: Record<string, string> = {}) => ({
  headers: { authorization: `Bearer ${token}`, ...more },
})

describe('a listener with a certificate', () => {
  it('of the gateway answers over TLS, 1.2 or newer', async () => {
    expect(world.gateway.url).toMatch(/^https:/)
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const { status, protocol } = await ask(query(), {
        ...withToken(),
        minVersion: version,
        maxVersion: version,
      })
      expect([status, protocol]).toEqual([200, version])
    }
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' } as const
    await expect(ask(query(), { ...withToken(), ...old })).rejects.toThrow(/protocol|version|alert/i)
    await expect(fetch(query().replace('https:', 'http:'))).rejects.toThrow()
    await expect(ask(query(), { ...withToken(), ca: createAuthority().cert })).rejects.toThrow()
  })

  it('still refuses and records what is no HTTP', async () => {
    const { status, text } = await ask(`${query()}&x=${'y'.repeat(60_000)}`, withToken())
    expect([status, JSON.parse(text)]).toMatchObject([431, { status: 'error' }])
  })

  it('of control answers over TLS, and control reaches the gateway over TLS', async () => {
    expect(world.control.url).toMatch(/^https:/)
    expect((await ask(`${world.control.url}/-/ready`)).status).toBe(200)
    const { status, text } = await ask(`${world.control.url}/prom/metrics/api/v1/query?query=up`)
    // Without a session the gateway itself says no.
    expect([status, JSON.parse(text)]).toMatchObject([401, { errorType: 'unauthenticated' }])
  })

  it('is found ready by the command line, which trusts that very certificate only', async () => {
    expect(await probeReady(world.gateway.url.replace('127.0.0.1', '127.0.0.2'), certFile)).toMatchObject({
      isReady: false,
    })
    expect(await probeReady(world.gateway.url, certFile)).toEqual({ isReady: true, text: 'ready' })
    expect(await probeReady(world.gateway.url)).toMatchObject({ isReady: false })
    expect(await probeReady(world.gateway.url, gatewayCaFile)).toMatchObject({ isReady: true })
    const other = join(dir.path, 'other.pem')
    writeFileSync(other, createAuthority('Other').cert)
    expect(await probeReady(world.gateway.url, other)).toMatchObject({ isReady: false })
  })

  it('shows a new certificate when the files change, and stays with the last good pair', async () => {
    const before = await ask(query(), withToken())
    const next = authority.issue(names)
    writeFileSync(certFile, 'half a certif')
    await sleep(4_000)
    expect((await ask(query(), withToken())).serial).toBe(before.serial)
    install(next)
    let now = before
    for (let i = 0; i < 100 && now.serial === before.serial; i += 1) {
      await sleep(100)
      now = await ask(query(), withToken())
    }
    expect(now.serial).not.toBe(before.serial)
    expect(now.status).toBe(200)
  })

  it('does not start with a bad pair, and says which files', async () => {
    const key = join(dir.path, 'wrong-key.pem')
    writeFileSync(key, authority.issue(names).key)
    const start = startGatewayWorld({
      access: accessOf(shard.url),
      gateway: { tls: { certFile, keyFile: key } },
    })
    await expect(start).rejects.toThrow('wrong-key.pem')
  })
})

describe('a trusted proxy', () => {
  it('says where a request comes from, in the evidence', async () => {
    const { headers } = await ask(query(), withToken({ 'x-forwarded-for': '1.2.3.4, 198.51.100.7' }))
    expect(await world.auditOf(String(headers['x-request-id']))).toMatchObject([
      { from: { address: '198.51.100.7' } },
    ])
  })

  it('says it for the networks of a service account’s token, too', async () => {
    await world.sql(`update service_account_tokens set source_cidrs = '{203.0.113.0/24}'`)
    const from = async (address: string) =>
      (await ask(query(), withToken({ 'x-forwarded-for': address }))).status
    let status = await from('198.51.100.7')
    // What is known of a token is remembered for a moment.
    for (let i = 0; i < 100 && status !== 401; i += 1) {
      await sleep(100)
      status = await from('198.51.100.7')
    }
    expect([status, await from('203.0.113.9')]).toEqual([401, 200])
    await world.sql(`update service_account_tokens set source_cidrs = '{}'`)
  })
})

describe('a method that is not known at a path', () => {
  it.each([
    ['label/job/values', 'GET'],
    ['query', 'GET, POST'],
  ])('of %s is answered with those that are', async (path, allow) => {
    const { status, headers } = await ask(`${world.base()}/api/v1/${path}`, { ...withToken(), method: 'PUT' })
    expect([status, headers['allow']]).toEqual([405, allow])
  })
})

// Last: it ends both.
describe('a service that is told to end', () => {
  it.each(['control', 'gateway'] as const)(
    '%s says for a while that it is not ready, and still answers',
    async (name) => {
      const { url } = world[name]
      const question = name === 'gateway' ? query() : `${url}/api/v1/me`
      const expected = name === 'gateway' ? 200 : 401
      expect((await ask(`${url}/-/ready`)).status).toBe(200)
      const started = performance.now()
      const closed = world[name].close()
      const { status, text } = await ask(`${url}/-/ready`)
      expect([status, text]).toEqual([503, 'draining\n'])
      expect((await ask(question, name === 'gateway' ? withToken() : {})).status).toBe(expected)
      await closed
      expect(performance.now() - started).toBeGreaterThan(900)
      await expect(ask(`${url}/-/ready`)).rejects.toThrow('ECONNREFUSED')
    },
  )
})
