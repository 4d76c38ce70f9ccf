import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { promtoolPath } from '@gatehouse/local'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { callApi } from '../support/prometheus-api.ts'
import { type Stack, startStack } from '../support/stack.ts'

let stack: Stack
let transport: string
let revenue: string

beforeAll(async () => {
  stack = await startStack({ cache: { enabled: false } })
  transport = await stack.token('transport', 'all')
  revenue = await stack.token('revenue', 'all')
})
afterAll(() => stack.close())

const query = 'sum(up)'
const ask = (token: string) =>
  callApi(stack.base(), 'query', { token, parameters: { query, time: String(stack.shards.now) } })

async function run(
  command: string,
  args: readonly string[],
): Promise<{ code: number | null; output: string }> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)))
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output })))
}

// In this order: each takes away more of the first shard.
describe('real shards', () => {
  it('serve promtool as it is', async () => {
    const url = new URL(stack.base())
    url.password = transport
    const promtool = promtoolPath() ?? ''
    const time = String(stack.shards.now)
    const instant = await run(promtool, ['query', 'instant', `--time=${time}`, url.href, query])
    expect(instant).toMatchObject({ code: 0, output: expect.stringMatching(/^\{\} => 4 @/) })
    const range = await run(promtool, [
      'query',
      'range',
      `--start=${stack.shards.now - 60}`,
      `--end=${time}`,
      '--step=60s',
      url.href,
      query,
    ])
    expect(range).toMatchObject({ code: 0, output: expect.stringContaining('4 @') })
    const series = await run(promtool, ['query', 'series', '--match=up', url.href])
    expect(series.output).not.toContain('revenue')
    expect(series).toMatchObject({ code: 0, output: expect.stringContaining('tenant="transport"') })
    const labels = await run(promtool, ['query', 'labels', url.href, 'tenant'])
    expect(labels).toEqual({ code: 0, output: 'transport\n' })
    const denied = await run(promtool, ['query', 'instant', stack.base(), query])
    expect(denied.code).not.toBe(0)
  })

  it('answer the next query after one replica is killed', async () => {
    expect((await ask(transport)).status).toBe(200)
    await stack.shards.one[0].kill()
    for (let i = 0; i < 10; i += 1) {
      const { status, json, requestId } = await ask(transport)
      expect([status, json.data.result[0].value[1]]).toEqual([200, '4'])
      if (i === 0) expect(await stack.auditOf(requestId)).toMatchObject([{ plan: { replicas: ['one-b'] } }])
    }
  })

  it('are 503 in JSON for whom a whole shard is gone, and as before for the others', async () => {
    await stack.shards.one[1].kill()
    for (let i = 0; i < 20; i += 1) {
      const started = performance.now()
      const [gone, there] = await Promise.all([ask(transport), ask(revenue)])
      expect([gone.status, gone.json.errorType, there.status]).toEqual([503, 'unavailable', 200])
      expect(there.json.data.result).not.toEqual([])
      // Two refused connections take milliseconds; the bound only tells them from two connect time-outs.
      expect(performance.now() - started).toBeLessThan(1_900)
    }
    const labels = await callApi(stack.base(), 'label/tenant/values', { token: transport, method: 'GET' })
    expect([labels.status, labels.json.errorType]).toEqual([503, 'unavailable'])
  })

  it('never let one shard’s part pass for the whole', async () => {
    const defence = await stack.token('defence', 'all')
    for (const path of ['labels', 'series', 'query'] as const) {
      const { status } = await callApi(stack.base(), path, {
        token: defence,
        parameters: { query, 'match[]': 'up' },
      })
      expect(status, path).toBe(503)
    }
  })

  it('answer again soon after the shard is back', async () => {
    await stack.shards.restart(stack.shards.one[1])
    const deadline = performance.now() + 30_000
    let answer = await ask(transport)
    while (answer.status !== 200 && performance.now() < deadline) {
      await sleep(100)
      answer = await ask(transport)
    }
    expect([answer.status, answer.json.data.result[0].value[1]]).toEqual([200, '4'])
  })
})
