import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { ensureTools, freePort, promtoolPath, temporaryDir } from '@gatehouse/local'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type GatewayWorld, startGatewayWorld } from '../support/gateway-world.ts'
import { callApi } from '../support/prometheus-api.ts'
import {
  type RecordingPrometheus,
  sendJson,
  startRecordingPrometheus,
} from '../support/recording-prometheus.ts'

let world: GatewayWorld
let shard: RecordingPrometheus
let token: string

beforeAll(async () => {
  await ensureTools(['prometheus-2'])
  shard = await startRecordingPrometheus()
  const access = `
apiVersion: gatehouse/v1
kind: Access
orgs:
  - uid: org-canary
    name: Org
    tenants: [tenant-canary]
    serviceAccounts: [{ uid: account-canary, name: All }]
    dataSources:
      - { uid: metrics, name: Metrics, shards: [{ name: one, tenants: [tenant-canary], replicas: [{ name: r, url: "${shard.url}" }] }] }
    grants: [{ serviceAccount: account-canary, role: viewer }]
`
  world = await startGatewayWorld({ access })
  token = await world.token('org-canary', 'account-canary')
})
afterAll(async () => {
  await world.close()
  await shard.close()
})

describe('its own pages', () => {
  it.each(['/-/healthy', '/-/ready'])('%s says yes', async (path) => {
    expect((await fetch(world.gateway.url + path)).status).toBe(200)
  })

  it('has metrics that promtool finds right, bounded and without names of tenants, orgs or users', async () => {
    await callApi(world.base(), 'query', { token, parameters: { query: 'up' } })
    for (let i = 0; i < 20; i += 1) await fetch(`${world.gateway.url}/prom/metrics/api/v1/unknown-${i}`)
    const text = await (await fetch(`${world.gateway.url}/metrics`)).text()
    expect(text).toContain('gatehouse_requests_total{endpoint="query",code="200"} 1')
    expect(text).toContain('gatehouse_requests_total{endpoint="unknown",code="404"} 20')
    expect(text).toContain('gatehouse_upstream_requests_total{shard="one",replica="r",outcome="answered"}')
    expect(text).toMatch(/gatehouse_request_duration_seconds_count\{endpoint="query"\} 1/)
    expect(text).not.toMatch(/canary|unknown-/)
    const checked = spawnSync(promtoolPath() ?? '', ['check', 'metrics'], {
      input: text.replaceAll(/^(#.*|)(nodejs|process)_.*\n/gm, ''),
    })
    const own = checked.stderr
      .toString()
      .split('\n')
      .filter((line) => line.includes('gatehouse_'))
    expect(own).toEqual([])
  })
})

describe('the process', () => {
  const dir = temporaryDir()
  afterAll(() => dir.remove())

  async function start(): Promise<{ child: ChildProcess; url: string; output: () => string }> {
    const port = await freePort()
    const file = join(dir.path, `${port}.yaml`)
    const { database } = world.config
    const gateway = { listenAddress: `127.0.0.1:${port}`, drain: '5s' }
    writeFileSync(
      file,
      JSON.stringify({ database: { url: database.url }, gateway, audit: { spoolDir: `spool-${port}` } }),
    )
    const main = fileURLToPath(import.meta.resolve('@gatehouse/gateway/main'))
    const child = spawn(process.execPath, [main, '--config.file', file], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk) => (output += String(chunk)))
    const url = `http://127.0.0.1:${port}`
    for (let i = 0; i < 300; i += 1) {
      const isReady = await fetch(`${url}/-/ready`).then(
        (response) => response.ok,
        () => false,
      )
      if (isReady) return { child, url, output: () => output }
      await sleep(50)
    }
    child.kill('SIGKILL')
    throw new Error(`not ready: ${output}`)
  }

  it('on SIGTERM finishes what is in flight, takes nothing new, and exits 0', async () => {
    const { child, url, output } = await start()
    let finish = (): void => undefined
    const reached = new Promise<void>((resolve) => {
      shard.behave((_message, res) => {
        finish = () => sendJson(res, 200, '{"status":"success","data":{"resultType":"vector","result":[]}}')
        resolve()
      })
    })
    const inFlight = callApi(`${url}/prom/metrics`, 'query', { token, parameters: { query: 'up' } })
    await reached
    const exited = once(child, 'exit') as Promise<[number | null, string | null]>
    child.kill('SIGTERM')
    await sleep(300)
    await expect(fetch(`${url}/-/ready`)).rejects.toThrow()
    finish()
    const answer = await inFlight
    shard.behave(undefined)
    expect([answer.status, answer.headers.get('connection')]).toEqual([200, 'close'])
    expect(await exited).toEqual([0, null])
    expect(await world.auditOf(answer.requestId)).toHaveLength(1)
    // Structured logs with the request's id, and never a token.
    expect(output()).not.toContain(token)
    for (const line of output().trim().split('\n'))
      expect(JSON.parse(line)).toHaveProperty('service', 'gateway')
  })

  it('does not wait longer than its grace for a request that never ends', async () => {
    const { child, url } = await start()
    const reached = new Promise<void>((resolve) => shard.behave(() => resolve()))
    const inFlight = callApi(`${url}/prom/metrics`, 'query', { token, parameters: { query: 'up' } }).catch(
      () => 'cut',
    )
    await reached
    const exited = once(child, 'exit') as Promise<[number | null, string | null]>
    child.kill('SIGTERM')
    expect(await exited).toEqual([0, null])
    shard.behave(undefined)
    expect(await inFlight).toBe('cut')
  })
})
