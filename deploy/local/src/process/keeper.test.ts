import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { identify, isRunning } from './identity.ts'
import { createKeeper } from './keeper.ts'
import { temporaryDir } from './temporary.ts'

let dir: ReturnType<typeof temporaryDir>
beforeEach(() => {
  dir = temporaryDir()
})
afterEach(() => dir.remove())

const sleeper = { name: 'sleeper', command: '/bin/sleep', args: ['300'] }
const records = (): string[] => readdirSync(join(dir.path, 'run'))

describe('createKeeper', () => {
  it('keeps a record of a child for as long as it runs', async () => {
    const keeper = createKeeper(join(dir.path, 'run'))
    const child = keeper.start({ ...sleeper, logFile: join(dir.path, 'sleeper.log') })
    expect(records()).toEqual([`${child.pid}.json`])
    expect(isRunning(child)).toBe(true)
    await child.stop()
    expect(records()).toEqual([])
    expect(isRunning(child)).toBe(false)
    expect(await child.exited).toEqual({ code: null, signal: 'SIGTERM' })
  })

  it('does not start a child as root', async () => {
    const keeper = createKeeper(join(dir.path, 'run'))
    const logFile = join(dir.path, 'id.log')
    const child = keeper.start({ name: 'id', command: '/usr/bin/id', args: ['-u'], logFile })
    await child.exited
    expect(Number(readFileSync(logFile, 'utf8'))).toBeGreaterThan(0)
  })

  it('uses SIGKILL on a child that will not stop', async () => {
    const keeper = createKeeper(join(dir.path, 'run'))
    const args = ['-c', 'trap "" TERM; echo ready; while :; do sleep 0.1; done']
    const logFile = join(dir.path, 'stubborn.log')
    const child = keeper.start({ name: 'stubborn', command: '/bin/sh', args, logFile })
    await expect.poll(() => readFileSync(logFile, 'utf8')).toContain('ready')
    await child.stop(100)
    expect(await child.exited).toEqual({ code: null, signal: 'SIGKILL' })
  })

  it('reports a program that is not there', async () => {
    const keeper = createKeeper(join(dir.path, 'run'))
    const logFile = join(dir.path, 'none.log')
    const child = keeper.start({ name: 'none', command: '/nonexistent/program', args: [], logFile })
    expect(await child.exited).toEqual({ code: 127, signal: null })
  })
})

describe('clearStrays', () => {
  it('ends what a killed owner left and leaves the children of running owners alone', async () => {
    const runDir = join(dir.path, 'run')
    const script = `
      import { createKeeper } from ${JSON.stringify(fileURLToPath(new URL('./keeper.ts', import.meta.url)))}
      const child = createKeeper(${JSON.stringify(runDir)}).start(
        { name: 'left', command: '/bin/sleep', args: ['300'], logFile: ${JSON.stringify(join(dir.path, 'left.log'))} })
      console.log(child.pid)
      setInterval(() => {}, 1000)`
    const owner = spawn(process.execPath, ['--input-type=module', '-e', script])
    const pid = await new Promise<number>((resolve) => {
      owner.stdout.once('data', (text: Buffer) => resolve(Number(text.toString())))
    })
    const left = identify(pid)
    const keeper = createKeeper(runDir)
    const mine = keeper.start({ ...sleeper, logFile: join(dir.path, 'mine.log') })

    expect(await keeper.clearStrays()).toEqual([])
    const gone = new Promise((resolve) => owner.once('exit', resolve))
    owner.kill('SIGKILL')
    await gone
    expect(left !== undefined && isRunning(left)).toBe(true)

    expect(await keeper.clearStrays()).toEqual(['left'])
    expect(left !== undefined && isRunning(left)).toBe(false)
    expect(isRunning(mine)).toBe(true)
    expect(records()).toEqual([`${mine.pid}.json`])
    await mine.kill()
  })
})
