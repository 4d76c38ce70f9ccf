import { readFileSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer, type IncomingMessage, type RequestListener } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { TLSSocket } from 'node:tls'
import { parseConfig } from '@gatehouse/config'
import { temporaryDir } from '@gatehouse/local'
import { instantRequest, type Shard } from '@gatehouse/query'
import { createMetrics } from '@gatehouse/telemetry'
import {
  createAddressPolicy,
  createAlertmanagers,
  createConnections,
  createUpstream,
  readBody,
} from '@gatehouse/upstream'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { createAuthority } from '../support/certificates.ts'

const dir = temporaryDir()
const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})
afterAll(() => dir.remove())

const body = '{"status":"success","data":{"resultType":"vector","result":[]}}'
const authority = createAuthority()
const other = createAuthority('Somebody else')
const server = authority.issue(['prometheus.test', '127.0.0.1'])
const client = authority.issue(['gateway'])

let count = 0
function file(contents: string): string {
  count += 1
  const path = join(dir.path, `file-${count}`)
  writeFileSync(path, contents)
  return path
}

const caFile = file(authority.cert)
const clientFiles = { certFile: file(client.cert), keyFile: file(client.key) }

interface Seen {
  readonly requests: IncomingMessage[]
  readonly url: string
}

/** A replica on loopback, over TLS if it has a certificate. */
async function start(tls?: object, answer?: RequestListener): Promise<Seen> {
  const requests: IncomingMessage[] = []
  const listener: RequestListener = (message, res) => {
    requests.push(message)
    if (answer !== undefined) return answer(message, res)
    res.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body)
  }
  const made = tls === undefined ? createHttpServer(listener) : createHttpsServer(tls, listener)
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve))
  closers.push(() => {
    made.closeAllConnections()
    made.close()
  })
  return {
    requests,
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(made.address() as AddressInfo).port}`,
  }
}

function connect(rules: readonly object[], allowed: readonly string[] = []) {
  const errors: Error[] = []
  const { upstream: settings } = parseConfig(
    JSON.stringify({ upstream: { connections: rules } }).replace('{', '{"database":{},'),
  )
  const connections = createConnections({
    rules: settings.connections,
    addresses: createAddressPolicy(allowed),
    timeout: 2_000,
    onError: (error) => errors.push(error),
  })
  const upstream = createUpstream({
    connections,
    options: { headersTimeout: 5_000, idleTimeout: 5_000, maxConnections: 2 },
    maxResponseBytes: 10_000,
    metrics: createMetrics(),
  })
  closers.push(() => upstream.close())
  const ask = async (url: string): Promise<string> => {
    const shard: Shard = { name: 'one', slice: { tenants: ['a'] }, replicas: [{ name: 'r', url }] }
    const request = instantRequest('up' as never, 0, { timeout: 1_000 })
    const { exchange } = await upstream.open(shard, request, AbortSignal.timeout(10_000))
    return (await readBody(exchange, 10_000)).toString()
  }
  return { ask, errors, connections }
}

const detailOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'answered',
    (error: { detail?: string }) => error.detail ?? 'no detail',
  )

function tlsOf([first]: readonly IncomingMessage[]): TLSSocket {
  if (!(first?.socket instanceof TLSSocket)) throw new Error('nothing came over TLS')
  return first.socket
}

describe('TLS to a replica', () => {
  it('is refused by the system’s certificates and accepted by those of caFile', async () => {
    const { url } = await start(server)
    expect(await detailOf(connect([]).ask(url))).toMatch(/unable to verify|self-signed/)
    expect(await connect([{ url, tls: { caFile } }]).ask(url)).toBe(body)
  })

  it.each([
    ['another authority', other.issue(['127.0.0.1']), /unable to verify|self-signed/],
    ['another name', authority.issue(['elsewhere.test']), /does not match/],
    [
      'a time gone by',
      authority.issue(['127.0.0.1'], { from: new Date(0), until: new Date(86_400_000) }),
      /expired/,
    ],
  ])('does not accept a certificate of %s', async (_name, certificate, reason) => {
    const { url, requests } = await start(certificate)
    expect(await detailOf(connect([{ url, tls: { caFile } }]).ask(url))).toMatch(reason)
    expect(requests).toEqual([])
  })

  it('checks the name that serverName says', async () => {
    const { url, requests } = await start(authority.issue(['prometheus.test']))
    const { ask } = connect([{ url, tls: { caFile, serverName: 'prometheus.test' } }])
    expect(await ask(url)).toBe(body)
    expect(tlsOf(requests).getProtocol()).toMatch(/^TLSv1\.[23]$/)
  })

  it('speaks no version before 1.2', async () => {
    const { url } = await start({
      ...server,
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'ALL@SECLEVEL=0',
    })
    expect(await detailOf(connect([{ url, tls: { caFile } }]).ask(url))).not.toBe('answered')
  })

  it('shows a client certificate', async () => {
    const { url, requests } = await start({
      ...server,
      ca: authority.cert,
      requestCert: true,
      rejectUnauthorized: true,
    })
    expect(await detailOf(connect([{ url, tls: { caFile } }]).ask(url))).not.toBe('answered')
    expect(await connect([{ url, tls: { caFile, ...clientFiles } }]).ask(url)).toBe(body)
    expect(tlsOf(requests).getPeerCertificate().subject.CN).toBe('gateway')
  })

  it('takes a changed certificate for new connections, and stays with the last good one meanwhile', async () => {
    const { url } = await start(other.issue(['127.0.0.1']))
    const changing = file(authority.cert)
    const { ask, errors } = connect([{ url, tls: { caFile: changing } }])
    expect(await detailOf(ask(url))).not.toBe('answered')
    writeFileSync(changing, 'half a certif')
    await sleep(1_100)
    expect(await detailOf(ask(url))).not.toBe('answered')
    expect(errors.map(({ message }) => message)).toEqual([expect.stringContaining(changing)])
    writeFileSync(changing, other.cert)
    await sleep(1_100)
    expect(await ask(url)).toBe(body)
  })
})

describe('credentials', () => {
  const secret = 'hunter2-hunter2'

  it.each([
    [
      'Basic',
      { basic: { username: 'gateway', passwordFile: file(`${secret}\n`) } },
      'authorization',
      `Basic ${Buffer.from(`gateway:${secret}`).toString('base64')}`,
    ],
    ['Bearer', { bearerFile: file(secret) }, 'authorization', `Bearer ${secret}`],
    [
      'a header',
      {
        headers: [
          { name: 'X-Scope-OrgID', value: 'a' },
          { name: 'X-Key', file: file(secret) },
        ],
      },
      'x-key',
      secret,
    ],
  ])('are sent as %s to the URL they are for, and to no other', async (_name, rule, header, value) => {
    const [one, two] = [await start(), await start()]
    const { ask } = connect([{ url: `${one.url}/base`, ...rule }])
    await ask(`${one.url}/base/below`)
    await ask(`${one.url}/base`)
    for (const url of [`${one.url}/basement`, one.url, two.url]) await ask(url)
    expect(one.requests.map(({ headers }) => headers[header])).toEqual([value, value, undefined, undefined])
    expect(two.requests[0]?.headers).not.toHaveProperty(header)
  })

  it('are read again when they change, within two seconds', async () => {
    const { url, requests } = await start()
    const bearerFile = file('first')
    const { ask } = connect([{ url, bearerFile }])
    await ask(url)
    writeFileSync(bearerFile, 'second')
    await sleep(1_100)
    await ask(url)
    expect(requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer first', 'Bearer second'])
  })

  it('are not in what is told when the replica fails', async () => {
    const { url } = await start(undefined, (_m, res) => res.writeHead(401).end('who are you'))
    const error = await connect([{ url, bearerFile: file(secret) }])
      .ask(url)
      .catch((thrown: unknown) => thrown)
    expect(JSON.stringify([String(error), error])).not.toContain(secret)
  })

  it('go to an Alertmanager as well, which redirects nowhere', async () => {
    const target = await start()
    const { url, requests } = await start(undefined, (message, res) =>
      message.url === '/am/api/v2/silences'
        ? res.end('[]')
        : res.writeHead(302, { location: target.url }).end(),
    )
    const { connections } = connect([{ url, bearerFile: file(secret) }])
    const alertmanagers = createAlertmanagers(connections)
    const ask = (path: string) =>
      alertmanagers.ask(`${url}/am`, { method: 'GET', path }, AbortSignal.timeout(5_000))
    expect(await ask('/silences')).toEqual([])
    await expect(ask('/elsewhere')).rejects.toMatchObject({ code: 'bad_gateway' })
    await alertmanagers.close()
    expect(requests[0]?.headers.authorization).toBe(`Bearer ${secret}`)
    expect(target.requests).toEqual([])
  })
})

describe('a start with bad files', () => {
  const missing = join(dir.path, 'missing')
  it.each<[string, object, string]>([
    ['no such CA file', { tls: { caFile: missing } }, 'missing'],
    ['a CA file without a certificate', { tls: { caFile: file('nothing') } }, 'PEM'],
    [
      'a key that belongs to another certificate',
      { tls: { certFile: clientFiles.certFile, keyFile: file(server.key) } },
      'key',
    ],
    ['an empty password file', { basic: { username: 'a', passwordFile: file('\n') } }, 'empty'],
    ['a token of two lines', { bearerFile: file('a\nb: c') }, 'header'],
  ])('fails by %s, and says which file', (_name, rule, reason) => {
    const start = () => connect([{ url: 'https://prometheus.test', ...rule }])
    expect(start).toThrow(reason)
    expect(start).toThrow(dir.path)
  })

  it.each([
    ['a header the client sets itself', { headers: [{ name: 'Host', value: 'x' }] }],
    ['both Basic and Bearer', { bearerFile: 'a', basic: { username: 'a', passwordFile: 'b' } }],
    ['a certificate without a key', { tls: { certFile: 'a' } }],
    ['a user in the URL', { url: 'https://a:b@prometheus.test' }],
  ])('refuses %s', (_name, rule) => {
    expect(() => connect([{ url: 'https://prometheus.test', ...rule }])).toThrow('not valid')
  })

  it('keeps secrets out of its message', () => {
    const bearerFile = file('hunter2\nhunter2')
    expect(() => connect([{ url: 'http://a', bearerFile }])).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hunter2') }) as Error,
    )
    expect(readFileSync(bearerFile, 'utf8')).toContain('hunter2')
  })
})
