import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** A process that cannot be mistaken for a later one with the same pid. */
export interface ProcessIdentity {
  readonly pid: number
  /** Boot id and start time as the kernel counts it. */
  readonly start: string
}

let bootId: string | undefined

function readBootId(): string {
  bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  return bootId
}

/** Identity of a running process; undefined when it has ended (a zombie has). Reads /proc, so Linux only. */
export function identify(pid: number): ProcessIdentity | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return undefined
  }
  // The command name is in parentheses and may itself hold blanks and parentheses: proc(5).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state] = fields
  return state === 'Z' || state === 'X' ? undefined : { pid, start: `${readBootId()}:${fields[19]}` }
}

/** True while this very process runs. */
export function isRunning(process: ProcessIdentity): boolean {
  return identify(process.pid)?.start === process.start
}

/** Resolves when a process has ended, whoever's child it is; looks once a second until `signal` aborts. */
export async function whenGone(target: ProcessIdentity, signal: AbortSignal): Promise<void> {
  while (isRunning(target)) await sleep(1_000, undefined, { signal })
}

/** Ends a process, whoever's child it is: `signal` first, SIGKILL after `graceMs`. Resolves when it is gone. */
export async function endProcess(
  target: ProcessIdentity,
  options: { signal?: NodeJS.Signals; graceMs?: number } = {},
): Promise<void> {
  const killAt = Date.now() + (options.graceMs ?? 10_000)
  send(target, options.signal ?? 'SIGTERM')
  while (isRunning(target)) {
    if (Date.now() > killAt) send(target, 'SIGKILL')
    await sleep(10)
  }
}

/** Sends a signal if this very process still runs. */
export function send(target: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isRunning(target)) return
  try {
    process.kill(target.pid, signal)
  } catch (error) {
    // Gone between the look and the signal.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
