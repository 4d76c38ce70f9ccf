import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAlertmanager } from '../alertmanager.ts'
import { temporaryDir } from '../process/temporary.ts'
import { startRedis } from '../redis.ts'
import { ensureTools, toolPath } from '../tools.ts'
import { type PrometheusVersion, startPrometheus } from './start.ts'

const dir = temporaryDir()
beforeAll(() => ensureTools(['prometheus-2', 'prometheus-3', 'alertmanager', 'redis']), 120_000)
afterAll(() => dir.remove())

async function get(url: string): Promise<unknown> {
  const response = await fetch(url)
  return await response.json()
}

describe.each<PrometheusVersion>(['2', '3'])('startPrometheus %s', (version) => {
  const dataDir = join(dir.path, `prometheus-${version}`)
  const absent = (): boolean => toolPath(`prometheus-${version}/prometheus`) === undefined

  it('starts on its folder again after stop and after SIGKILL, on the same port', async (test) => {
    if (absent()) test.skip('Debian serves no such version here')
    const first = await startPrometheus({ version, dataDir, externalLabels: { shard: '0' } })
    expect(await get(`${first.url}/api/v1/status/buildinfo`)).toMatchObject({
      data: { version: expect.stringMatching(`^${version}\\.`) },
    })
    await first.stop()
    expect(await first.exited).toEqual({ code: 0, signal: null })

    const second = await startPrometheus({ version, dataDir, port: first.port })
    await second.kill()
    await expect(fetch(`${first.url}/-/ready`)).rejects.toThrow()

    const third = await startPrometheus({ version, dataDir, port: first.port })
    expect(third.url).toBe(first.url)
    await third.stop()
  })

  it('takes new rules and says which rules are wrong', async (test) => {
    if (absent()) test.skip('Debian serves no such version here')
    const prometheus = await startPrometheus({ version, dataDir })
    const groups = (expr: string) => [{ name: 'g', rules: [{ record: 'one', expr }] }]
    await prometheus.reload({ ruleGroups: groups('vector(1)') })
    expect(await get(`${prometheus.url}/api/v1/rules`)).toMatchObject({
      data: { groups: [{ name: 'g', rules: [{ query: 'vector(1)' }] }] },
    })
    await prometheus.stop()
    await expect(startPrometheus({ version, dataDir, ruleGroups: groups('sum(') })).rejects.toThrow(
      /Prometheus did not start: .*(parse|rules)/,
    )
  })

  it('names the port that is taken', async (test) => {
    if (absent()) test.skip('Debian serves no such version here')
    const first = await startPrometheus({ version, dataDir })
    const second = startPrometheus({ version, dataDir: `${dataDir}-b`, port: first.port })
    await expect(second).rejects.toThrow(/port \d+ is already in use/)
    await first.stop()
  })
})

describe('startAlertmanager', () => {
  it('starts and stops', async () => {
    const alertmanager = await startAlertmanager({ dataDir: join(dir.path, 'alertmanager') })
    expect(await get(`${alertmanager.url}/api/v2/silences`)).toEqual([])
    await alertmanager.stop()
  })
})

describe('startRedis', () => {
  it('starts and stops', async () => {
    const redis = await startRedis({ dataDir: join(dir.path, 'redis') })
    expect(redis.url).toMatch(/^redis:\/\/127\.0\.0\.1:\d+$/)
    await redis.stop()
    expect(await redis.exited).toEqual({ code: 0, signal: null })
  })
})
