import { randomUUID } from 'node:crypto'
import {
  linkSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { GatehouseError } from '@gatehouse/errors'

/** A held lock on a spool directory. */
export interface SpoolLock {
  release(): void
}

/** One running process: a process id alone can be another process's after a restart, above all in containers. */
function processIdentity(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
    return `${pid} ${started} ${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}`
  } catch {
    return isRunning(pid) ? `${pid}` : undefined
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

function holder(path: string): string | undefined {
  try {
    const text = readFileSync(path, 'utf8')
    const [owner = ''] = text.split('\n')
    return processIdentity(Number(owner.split(' ')[0])) === owner ? owner : undefined
  } catch {
    return undefined
  }
}

/** Links a complete file into place: the lock exists with its content or not at all. */
function place(path: string, content: string): boolean {
  const draft = `${path}.${randomUUID()}`
  writeFileSync(draft, content, { mode: 0o600 })
  try {
    linkSync(draft, path)
    return true
  } catch {
    return false
  } finally {
    unlinkSync(draft)
  }
}

const stealMs = 10_000

/** Removes a dead process's lock; one remover at a time, so that none removes its successor's. */
async function clearStale(path: string): Promise<void> {
  const mutex = `${path}.steal`
  try {
    mkdirSync(mutex)
  } catch {
    await sleep(50)
    const age = Date.now() - (statSync(mutex, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
    if (age > stealMs) rmSync(mutex, { recursive: true, force: true })
    return
  }
  try {
    if (holder(path) === undefined) rmSync(path, { force: true })
  } finally {
    rmdirSync(mutex)
  }
}

/**
 * Takes the directory for this process; the lock of a process that no longer runs is taken over.
 * @throws GatehouseError `conflict` if a running process (or this one) holds it.
 */
export async function lockSpool(dir: string): Promise<SpoolLock> {
  const path = join(dir, 'lock')
  const content = `${processIdentity(process.pid) ?? process.pid}\n${randomUUID()}\n`
  for (let attempt = 0; attempt < 5; attempt++) {
    if (place(path, content)) return { release: () => releaseLock(path, content) }
    const owner = holder(path)
    if (owner !== undefined)
      throw new GatehouseError('conflict', `audit spool ${dir} is in use by process ${owner.split(' ')[0]}`)
    await clearStale(path)
  }
  throw new GatehouseError('conflict', `audit spool ${dir} cannot be locked`)
}

function releaseLock(path: string, content: string): void {
  try {
    if (readFileSync(path, 'utf8') === content) rmSync(path)
  } catch {
    // Removed already: nothing is held.
  }
}
