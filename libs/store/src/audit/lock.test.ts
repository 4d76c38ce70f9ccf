import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lockSpool } from './lock.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'gatehouse-lock-'))
})
afterEach(() => {
  rmSync(dir, { recursive: true, force: true })
})

const holding = `
  const { lockSpool } = await import(${JSON.stringify(new URL('./lock.ts', import.meta.url).href)})
  try { await lockSpool(process.argv[1]); process.stdout.write('held\\n'); setInterval(() => {}, 1000) }
  catch { process.stdout.write('refused\\n') }`

function contend(): { said: Promise<string>; kill: () => Promise<void> } {
  const child = spawn(process.execPath, ['--input-type=module', '-e', holding, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const said = new Promise<string>((resolve) =>
    child.stdout.once('data', (data) => resolve(String(data).trim())),
  )
  return {
    said,
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
  }
}

describe('the lock of a spool', () => {
  it('is held by one, in this process and among processes', async () => {
    const lock = await lockSpool(dir)
    await expect(lockSpool(dir)).rejects.toMatchObject({ code: 'conflict' })
    const other = contend()
    expect(await other.said).toBe('refused')
    await other.kill()
    lock.release()
    expect(readdirSync(dir)).toEqual([])
    ;(await lockSpool(dir)).release()
  })

  it.each([
    ['of a process that is gone', '999999999 1 x\nsome\n'],
    ['of another process with the same id, before a restart', `${process.pid} 1 other-boot\nsome\n`],
    ['that nobody can read', 'garbage'],
  ])('%s is taken over', async (_, content) => {
    writeFileSync(join(dir, 'lock'), content)
    const lock = await lockSpool(dir)
    await expect(lockSpool(dir)).rejects.toMatchObject({ code: 'conflict' })
    lock.release()
  })

  it('goes to exactly one of many who find a killed holder’s', async () => {
    const first = contend()
    expect(await first.said).toBe('held')
    await first.kill()
    const others = Array.from({ length: 6 }, contend)
    const said = await Promise.all(others.map((other) => other.said))
    await Promise.all(others.map((other) => other.kill()))
    expect(said.filter((word) => word === 'held')).toHaveLength(1)
  })

  it('makes a writer wait for an adopter, and an adopter give way to a writer', async () => {
    const adopter = await lockSpool(dir, 'adopt')
    const waiting = lockSpool(dir)
    setTimeout(() => adopter.release(), 200)
    const writer = await waiting
    await expect(lockSpool(dir, 'adopt')).rejects.toMatchObject({ code: 'conflict' })
    writer.release()
  })
})
