import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { promtoolPath, temporaryDir } from '@gatehouse/local'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type GatewayWorld, startGatewayWorld } from '../support/gateway-world.ts'
import { grafanaCalls } from '../support/grafana-calls.ts'
import { callApi } from '../support/prometheus-api.ts'
import { type ScrapedShards, scrapedShardsYaml, startScrapedShards } from '../support/scraped-shards.ts'

const run = promisify(execFile)
const dir = temporaryDir()
let shards: ScrapedShards
let world: GatewayWorld
let token: string

beforeAll(async () => {
  shards = await startScrapedShards()
  const access = `apiVersion: gatehouse/v1
kind: Access
orgs:
  - uid: ac
    name: AC
    tenants: [a, c]
    teams: [{ uid: team-a, name: A }]
    serviceAccounts: [{ uid: all, name: All, team: team-a }]
    dataSources: [{ uid: metrics, name: Metrics, shards: ${scrapedShardsYaml(shards).replaceAll('\n          -', ',').replace(',', '[')}] }]
    grants: [{ serviceAccount: all, role: viewer }]
`
  world = await startGatewayWorld({ access })
  token = await world.token('ac', 'all')
})
afterAll(async () => {
  await world.close()
  await shards.close()
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
