import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { temporaryDir } from '../process/temporary.ts'
import { choosePorts } from './ports.ts'
import { demoPeople } from './people.ts'
import { loadSecrets, saveSecrets } from './secrets.ts'
import { claimStateDir, createStateDir, resetStateDir, stateDir } from './state.ts'

let dir: ReturnType<typeof temporaryDir>
let state: ReturnType<typeof stateDir>
beforeEach(() => {
  dir = temporaryDir()
  state = stateDir(dir.path)
  createStateDir(state)
})
afterEach(() => dir.remove())

describe('claimStateDir', () => {
  it('belongs to one running process at a time', () => {
    const release = claimStateDir(state)
    expect(() => claimStateDir(state)).toThrow(`already running from ${dir.path} (process ${process.pid})`)
    release()
    claimStateDir(state)()
  })

  it('is taken over from a process that is gone, or that only has the same pid', () => {
    writeFileSync(`${dir.path}/owner`, JSON.stringify({ pid: process.pid, start: 'another boot:1' }))
    claimStateDir(state)()
  })
})

describe('loadSecrets', () => {
  it('keeps what it made, in a private file, and makes what is missing', () => {
    const secrets = loadSecrets(state.secretsFile)
    expect(statSync(state.secretsFile).mode & 0o777).toBe(0o600)
    expect(Object.keys(secrets.passwords)).toHaveLength(demoPeople.length)
    expect(new Set(Object.values(secrets.passwords)).size).toBe(demoPeople.length)
    expect(loadSecrets(state.secretsFile)).toEqual(secrets)
    const { asha: _asha, ...passwords } = secrets.passwords
    saveSecrets(state.secretsFile, { ...secrets, passwords })
    const again = loadSecrets(state.secretsFile)
    expect(again.passwords).toMatchObject(passwords)
    expect(again.passwords['asha']).toMatch(/^[a-z0-9]{3}(-[a-z0-9]{3}){3}$/)
  })
})

describe('resetStateDir', () => {
  it('deletes what is kept, not the claim', () => {
    const release = claimStateDir(state)
    loadSecrets(state.secretsFile)
    writeFileSync(`${state.data}/postgres.password`, 'x')
    resetStateDir(state)
    expect(existsSync(state.secretsFile)).toBe(false)
    expect(existsSync(state.data)).toBe(false)
    expect(readFileSync(`${dir.path}/owner`, 'utf8')).toContain(String(process.pid))
    release()
  })
})

describe('choosePorts', () => {
  it('takes the range in order, and another port for one that is taken', async () => {
    const base = 29_310
    const blocker = createServer().listen(base + 1, '127.0.0.1')
    await new Promise((resolve) => blocker.once('listening', resolve))
    const ports = await choosePorts(base)
    expect(ports.of('gateway')).toBe(base)
    expect(ports.of('identity provider')).toBe(base + 2)
    expect(ports.of('control')).toBe(base + 7)
    expect(ports.taken).toEqual([{ name: 'control', wanted: base + 1, port: base + 7 }])
    expect(() => ports.of('nobody')).toThrow('no port was chosen for nobody')
    await new Promise((resolve) => blocker.close(resolve))
  })
})
