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

/** What a lock is held for: to write events, or only to ship what a dead writer left. */
type LockUse = 'write' | 'adopt'

interface Holder {
  readonly owner: string
  readonly use: string
}

function holder(path: string): Holder | undefined {
  try {
    const text = readFileSync(path, 'utf8')
    const [owner = '', use = ''] = text.split('\n')
    return processIdentity(Number(owner.split(' ')[0])) === owner ? { owner, use } : undefined
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
/** An adopter gives way within the time that shipping takes it. */
const adopterWaitMs = 20_000
const pollMs = 50

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
 * Takes the directory for this process; the lock of a process that no longer runs is taken over. A writer waits for an
 * adopter to finish.
 * @throws GatehouseError `conflict` if a running process (or this one) holds it.
 */
export async function lockSpool(dir: string, use: LockUse = 'write'): Promise<SpoolLock> {
  const path = join(dir, 'lock')
  const content = `${processIdentity(process.pid) ?? process.pid}\n${use}\n${randomUUID()}\n`
  const deadline = performance.now() + adopterWaitMs
  for (let stale = 0; stale < 5; ) {
    if (place(path, content)) return { release: () => releaseLock(path, content) }
    const held = holder(path)
    if (held === undefined) {
      await clearStale(path)
      stale += 1
    } else if (use === 'write' && held.use === 'adopt' && performance.now() < deadline) {
      await sleep(pollMs)
    } else {
      const [pid] = held.owner.split(' ')
      throw new GatehouseError('conflict', `audit spool ${dir} is in use by process ${pid}`)
    }
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
