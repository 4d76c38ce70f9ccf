import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { promtoolPath, temporaryDir } from '@gatehouse/local'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type GatewayWorld, startGatewayWorld } from '../support/gateway-world.ts'
import { grafanaCalls } from '../support/grafana-calls.ts'
import { type HostileIdp, startHostileIdp } from '../support/hostile-idp.ts'
import { callApi } from '../support/prometheus-api.ts'
import { type ScrapedShards, scrapedShardsYaml, startScrapedShards } from '../support/scraped-shards.ts'

const run = promisify(execFile)
const dir = temporaryDir()
let shards: ScrapedShards
let world: GatewayWorld
let idp: HostileIdp
let token: string

beforeAll(async () => {
  ;[shards, idp] = await Promise.all([startScrapedShards(), startHostileIdp()])
  const access = `apiVersion: gatehouse/v1
kind: Access
orgs:
  - uid: ac
    name: AC
    tenants: [a, c]
    teams: [{ uid: team-a, name: A, idpGroups: [people-of-a] }]
    serviceAccounts: [{ uid: all, name: All, team: team-a }, { uid: nobody, name: Nobody }]
    dataSources: [{ uid: metrics, name: Metrics, shards: ${scrapedShardsYaml(shards).replaceAll('\n          -', ',').replace(',', '[')}] }]
    grants: [{ serviceAccount: all, role: viewer }, { team: team-a, role: viewer, constraints: ['{tenant="a"}'] }]
`
  const issuer = { name: 'idp', issuer: idp.issuer, clientId: 'gatehouse', idTokenAudiences: ['grafana'] }
  world = await startGatewayWorld({ access, issuers: [issuer] })
  token = await world.token('ac', 'all')
})
afterAll(async () => {
  await world.close()
  await Promise.all([shards.close(), idp.close()])
  dir.remove()
})

describe('what Grafana sends', () => {
  // Clocks of the servers and this one are the same; the last scrape is a second old at most.
  const now = Math.floor(Date.now() / 1000)

  it.each(['metrics', 'all'])('is answered below /prom/%s, of own series only', async (source) => {
    for (const { when, method, path, parameters, data } of grafanaCalls) {
      const answer = await callApi(world.base(source), path, {
        parameters: parameters(now).map(([name, value]): [string, string] => [name, value]),
        method,
        token,
        headers: {
          'X-Dashboard-Uid': 'd',
          'X-Grafana-Org-Id': '1',
          'Accept-Encoding': 'gzip, deflate, br, zstd',
        },
      })
      expect([when, answer.status, answer.json?.error]).toEqual([when, 200, undefined])
      // Grafana takes gzip; what is read below was decoded.
      expect([null, 'gzip'], when).toContain(answer.headers.get('content-encoding'))
      expect(answer.text, when).not.toMatch(/only_b|"b"|hunter2/)
      if (data !== undefined) expect([when, answer.json.data]).toEqual([when, data])
    }
  })

  it('takes each of its ways to authenticate with a token', async () => {
    const basic = (user: string) => `Basic ${Buffer.from(`${user}:${token}`).toString('base64')}`
    for (const [authorization, status] of [
      [`Bearer ${token}`, 200],
      [basic('team-a'), 200],
      [basic(''), 200],
      [basic('team-b'), 401],
      [basic('team-a|team-b'), 401],
      [`Bearer ${token}x`, 401],
    ] as const) {
      const answer = await callApi(world.base(), 'query', {
        parameters: { query: '1' },
        headers: { authorization },
      })
      expect([authorization.slice(0, 6), answer.status]).toEqual([authorization.slice(0, 6), status])
      if (status === 401) expect(answer.text.length).toBeLessThan(1_024)
    }
  })
})

/** A token of the identity provider for somebody of team-a. */
function tokenOf(typ: string, claims: Record<string, unknown> = {}): Promise<string> {
  const iat = Math.floor(Date.now() / 1_000)
  const good = { iss: idp.issuer, sub: 'ada', groups: ['people-of-a'], aud: 'gatehouse', iat, exp: iat + 300 }
  return new SignJWT({ ...good, ...claims })
    .setProtectedHeader({ alg: 'RS256', kid: 'k1', typ })
    .sign(idp.keys.privateKey)
}

describe('what Grafana forwards of who is signed in there', () => {
  const ask = (headers: Record<string, string>, source = 'metrics') =>
    callApi(world.base(source), 'query', { parameters: { query: 'app_requests_total' }, headers })

  it.each(['metrics', 'all'])('is who asks below /prom/%s: their series, no others', async (source) => {
    const access = await tokenOf('at+jwt')
    const id = await tokenOf('JWT', { aud: 'grafana' })
    for (const headers of [
      { authorization: `Bearer ${access}` },
      { authorization: `Bearer ${access}`, 'x-id-token': id },
      // An access token that says nothing to others: then the ID token beside it counts.
      { authorization: 'Bearer opaque-to-us', 'x-id-token': id },
    ]) {
      const { status, json } = await ask(headers, source)
      const tenants = json.data.result.map(
        ({ metric }: { metric: Record<string, string> }) => metric['tenant'],
      )
      expect([status, tenants]).toEqual([200, ['a']])
    }
  })

  it('is refused when it is over, for others, or forged', async () => {
    const foreign = await startHostileIdp()
    const forged = await new SignJWT({ iss: idp.issuer, sub: 'ada', aud: 'gatehouse' })
      .setProtectedHeader({ alg: 'RS256', kid: 'k1', typ: 'at+jwt' })
      .setExpirationTime('5m')
      .sign(foreign.keys.privateKey)
    await foreign.close()
    for (const [bearer, idToken] of [
      [await tokenOf('at+jwt', { exp: 1_000 }), undefined],
      [await tokenOf('at+jwt', { aud: 'other' }), undefined],
      [forged, undefined],
      ['opaque-to-us', undefined],
      ['opaque-to-us', await tokenOf('JWT', { aud: 'not-grafana' })],
    ] as const) {
      const more = idToken === undefined ? {} : { 'x-id-token': idToken }
      const { status, text } = await ask({ authorization: `Bearer ${bearer}`, ...more })
      expect([status, text.length < 1_024]).toEqual([401, true])
    }
  })
})

describe('what is refused', () => {
  it('is short, with the reason where Grafana shows it, on every endpoint that it calls', async () => {
    const nobody = await world.token('ac', 'nobody')
    const now = Math.floor(Date.now() / 1000)
    for (const { when, method, path, parameters } of grafanaCalls) {
      const { status, text } = await callApi(world.base(), path, {
        parameters: parameters(now).map(([name, value]): [string, string] => [name, value]),
        method,
        token: nobody,
      })
      expect([when, status]).toEqual([when, 403])
      expect(text.length, when).toBeLessThan(1_024)
      // Of a 403 Grafana shows the first kilobyte as it is.
      expect(text, when).toMatch(/^\{"error":"not allowed: [^"]+","errorType":"forbidden","status":"error"/)
    }
  })

  it.each(['rules', 'config/v1/rules', 'rules/namespace', 'api/v1/notifications'])(
    'a rule editor finds nothing to write at /%s',
    async (path) => {
      for (const method of ['GET', 'POST', 'DELETE']) {
        const response = await fetch(`${world.base()}/${path}`, {
          method,
          headers: { authorization: `Bearer ${token}` },
        })
        expect([method, response.status]).toEqual([method, 404])
      }
    },
  )
})

describe('promtool', () => {
  const promtool = async (...args: string[]): Promise<string> => {
    const program = promtoolPath()
    if (program === undefined) throw new Error('promtool is absent')
    const { stdout } = await run(program, ['query', ...args], { env: { HOME: dir.path } })
    return stdout
  }
  const server = () => world.base().replace('http://', `http://team-a:${token}@`)

  it('queries at a time and over a range', async () => {
    expect(await promtool('instant', server(), 'sum by (tenant) (app_requests_total)')).toMatch(
      /\{tenant="a"\} => 5 @.*\n\{tenant="c"\} => 5 @/,
    )
    const range = await promtool('range', server(), 'count(app_requests_total)', '--step=1s')
    expect(range).toMatch(/2 @\[/)
    expect(range).not.toMatch(/3 @\[/)
  })

  it('lists series and label values, without times as it asks for ten thousand hours', async () => {
    const series = await promtool('series', server(), '--match=app_requests_total', '--match=only_b')
    expect(series.trim().split('\n')).toHaveLength(2)
    expect(await promtool('labels', server(), 'tenant')).toBe('a\nc\n')
  })

  it('analyses histograms', async () => {
    const text = await promtool(
      'analyze',
      `--server=${server()}`,
      '--type=histogram',
      '--duration=1m',
      '--match=app_seconds_bucket',
    )
    expect(text).toMatch(/tenant="a"/)
    expect(text).not.toMatch(/tenant="b"/)
  })

  it('shows a refusal in its words', async () => {
    await expect(promtool('instant', server(), 'sum(')).rejects.toThrow(/parse error/)
    await expect(promtool('instant', server().replace('/metrics', '/nothing'), 'up')).rejects.toThrow(
      /no such data source/,
    )
  })
})
