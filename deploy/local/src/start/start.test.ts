import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { temporaryDir } from '../process/temporary.ts'
import { type Ready, readySchema } from './ready-file.ts'

const main = fileURLToPath(new URL('../main.ts', import.meta.url))
const dir = temporaryDir()
const readyFile = join(dir.path, 'ready.json')
const children: ChildProcess[] = []
afterAll(async () => {
  for (const child of children) child.kill('SIGTERM')
  await Promise.all(children.map(ended))
  dir.remove()
})

interface Started {
  readonly child: ChildProcess
  readonly said: () => string
  readonly ready: Ready
}

function ended(child: ChildProcess): Promise<number | NodeJS.Signals | null> {
  if (child.exitCode !== null || child.signalCode !== null)
    return Promise.resolve(child.exitCode ?? child.signalCode)
  return new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)))
}

async function start(...args: string[]): Promise<Started> {
  const child = spawn(process.execPath, [
    main,
    '--state-dir',
    dir.path,
    '--port-base',
    '29410',
    '--no-history',
    ...args,
  ])
  children.push(child)
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (part: string) => {
      text += part
    })
  void ended(child).then((code) => {
    text += `\nexit code ${code}`
  })
  await expect.poll(() => text, { timeout: 90_000, interval: 200 }).toMatch(/Ready after|exit code/)
  expect(text).toContain('Ready after')
  return { child, said: () => text, ready: readySchema.parse(JSON.parse(readFileSync(readyFile, 'utf8'))) }
}

const expression = 'group by (tenant, team, env) (ml_model_info)'

/** What a token sees: `tenant/team/env`, as the gateway answers now. */
async function seen(ready: Ready, name: string): Promise<string[]> {
  const token = ready.tokens.find((one) => one.name === name)
  const url = ready.dataSources.find(({ org }) => org === token?.org)?.url
  const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expression)}`, {
    headers: { authorization: `Bearer ${token?.token}` },
  })
  const { data } = (await response.json()) as { data?: { result: { metric: Record<string, string> }[] } }
  const names = (data?.result ?? []).map(({ metric: m }) => `${m['tenant']}/${m['team']}/${m['env']}`)
  return names.toSorted((a, b) => a.localeCompare(b))
}

function runningHere(): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(dir.path)
    } catch {
      return false
    }
  })
}

describe('npm start', () => {
  it('starts, survives a kill and a restart with the same tokens, and leaves nothing behind', async () => {
    const first = await start()
    expect(statSync(readyFile).mode & 0o777).toBe(0o600)
    expect(first.ready.shards.map(({ replicas }) => replicas.length)).toEqual([2, 1])
    // The first scrape may take up to 15 s.
    await expect
      .poll(() => seen(first.ready, 'transport-signals'), { timeout: 40_000, interval: 500 })
      .toEqual(['transport/signals/experiment', 'transport/signals/prod'])
    expect(await seen(first.ready, 'transport-signals-prod')).toEqual(['transport/signals/prod'])
    for (const { password, signIn } of first.ready.people)
      expect(first.said()).toMatch(new RegExp(`${signIn} +${password}`))

    first.child.kill('SIGKILL')
    expect(await ended(first.child)).toBe('SIGKILL')
    expect(runningHere().length).toBeGreaterThan(3)

    const second = await start()
    expect(second.said()).toMatch(/ended what an earlier start had left running: .*postgres/)
    expect(second.ready.tokens).toEqual(first.ready.tokens)
    expect(second.ready.people).toEqual(first.ready.people)
    await expect
      .poll(() => seen(second.ready, 'health-triage'), { timeout: 40_000, interval: 500 })
      .toEqual(['health/triage/experiment', 'health/triage/prod'])

    second.child.kill('SIGTERM')
    expect(await ended(second.child)).toBe(0)
    expect(existsSync(readyFile)).toBe(false)
    expect(runningHere()).toEqual([])
    expect(readdirSync(join(dir.path, 'run'))).toEqual([])
  }, 240_000)
})
