import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort, temporaryDir } from '@gatehouse/local'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type GatewayWorld, startGatewayWorld } from '../support/gateway-world.ts'
import { callApi } from '../support/prometheus-api.ts'
import {
  type RecordingPrometheus,
  sendJson,
  startRecordingPrometheus,
} from '../support/recording-prometheus.ts'

const secret = 'hunter2-of-the-shard'
const dir = temporaryDir()
let world: GatewayWorld
let shard: RecordingPrometheus
let token: string

beforeAll(async () => {
  shard = await startRecordingPrometheus()
  world = await startGatewayWorld({
    access: `
apiVersion: gatehouse/v1
kind: Access
orgs:
  - uid: org
    name: Org
    tenants: [a]
    serviceAccounts: [{ uid: all, name: All }]
    dataSources:
      - { uid: metrics, name: Metrics, shards: [{ name: one, tenants: [a], replicas: [{ name: r, url: "${shard.url}" }] }] }
    grants: [{ serviceAccount: all, role: viewer }]
`,
  })
  token = await world.token('org', 'all')
})
afterAll(async () => {
  await world.close()
  await shard.close()
  dir.remove()
})

/** A gateway process with a configuration file; `files` lie beside it. */
async function start(name: string, files: Readonly<Record<string, string>>) {
  const folder = join(dir.path, name)
  mkdirSync(folder)
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text)
  const listenAddress = `127.0.0.1:${await freePort()}`
  const config = {
    database: { url: world.config.database.url },
    gateway: { listenAddress },
    upstream: { connections: [{ url: shard.url, bearerFile: 'token' }] },
    audit: { spoolDir: 'spool' },
    log: { level: 'debug' },
  }
  writeFileSync(join(folder, 'config.yaml'), JSON.stringify(config))
  const main = fileURLToPath(import.meta.resolve('@gatehouse/gateway/main'))
  const child: ChildProcess = spawn(process.execPath, [main, '--config.file', join(folder, 'config.yaml')], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += String(chunk)))
  const exited = once(child, 'exit') as Promise<[number | null]>
  return { child, exited, url: `http://${listenAddress}`, output: () => output }
}

describe('a credential of a shard', () => {
  it('is sent to the shard, and is in no answer, explanation, event or log line', async () => {
    const { child, exited, url, output } = await start('well', { token: `${secret}\n` })
    for (let i = 0; i < 400 && !(await fetch(`${url}/-/ready`).catch(() => undefined))?.ok; i += 1)
      await sleep(50)
    const base = `${url}/prom/metrics`
    const ask = (path: string, query: string) => callApi(base, path, { token, parameters: { query } })
    const answers = [await ask('query', 'up')]
    shard.behave((_message, res) => sendJson(res, 503, '{"status":"error","error":"who is there"}'))
    answers.push(await ask('query', 'up{a="1"}'))
    shard.behave((message) => message.socket.destroy())
    answers.push(await ask('query', 'up{a="2"}'))
    shard.behave(undefined)
    expect(answers.map(({ status }) => status)).toEqual([200, 503, 503])
    const explained = await fetch(`${base}/explain?query=up`, {
      headers: { authorization: `Bearer ${token}` },
    })
    expect(explained.status).toBe(200)
    const metrics = await (await fetch(`${url}/metrics`)).text()
    const events = await Promise.all(answers.map(({ requestId }) => world.auditOf(requestId)))
    child.kill('SIGTERM')
    await exited
    expect(shard.requests.every(({ headers }) => headers.authorization === `Bearer ${secret}`)).toBe(true)
    expect(shard.requests.length).toBeGreaterThan(0)
    const told = [
      output(),
      metrics,
      await explained.text(),
      JSON.stringify(events),
      ...answers.map(({ text, headers }) => text + JSON.stringify([...headers])),
    ]
    for (const text of told) expect(text).not.toContain(secret)
    expect(output()).toContain('"level"')
  })

  it('that is not there ends the start, and the log says which file', async () => {
    const { exited, output } = await start('ill', {})
    const [code] = await exited
    expect(code).not.toBe(0)
    expect(output()).toContain(join('ill', 'token'))
    expect(output()).toContain('ENOENT')
  })
})
