import { type ChildProcess, spawn } from 'node:child_process'
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { serverAccount } from './account.ts'
import { endProcess, identify, isRunning, type ProcessIdentity, send } from './identity.ts'

/** How to start one child process. */
export interface ChildOptions {
  /** Names its record. */
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  /** Where its output goes; replaced at each start. */
  readonly logFile: string
  /** Signal that makes it end in good order; default SIGTERM. */
  readonly stopSignal?: NodeJS.Signals
}

/** A child process that is on record until it has ended. */
export interface Child extends ProcessIdentity {
  readonly logFile: string
  /** Resolves when it has ended, whatever ended it. */
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  /** Ends it in good order; SIGKILL after `graceMs` (default 10 s). Resolves when it is gone. */
  stop(graceMs?: number): Promise<void>
  /** Ends it with SIGKILL. Resolves when it is gone. */
  kill(): Promise<void>
}

/** Starts child processes and keeps a record of each, so that what a crash leaves running ends at the next start. */
export interface Keeper {
  start(options: ChildOptions): Child
  /** Puts a process on record that was not started here. It leaves the record when {@link Keeper.forget} is told so. */
  adopt(name: string, child: ProcessIdentity, stopSignal?: NodeJS.Signals): void
  forget(child: ProcessIdentity): void
  /** Ends what owners that are gone have left; returns the names. Other running owners' children are left alone. */
  clearStrays(): Promise<string[]>
  /** Ends in good order whatever is still on its record. */
  stopAll(): Promise<void>
}

const identity = z.object({ pid: z.int(), start: z.string() })
const record = z.object({
  name: z.string(),
  child: identity,
  owner: identity,
  stopSignal: z.custom<NodeJS.Signals>((name) => typeof name === 'string' && name in constants.signals),
})

function readRecord(file: string): z.output<typeof record> | undefined {
  try {
    return record.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return undefined
  }
}

/** Environment for servers: not ours, which may hold credentials that are none of their business. */
function plainEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], LANG: 'C.UTF-8', TZ: 'UTC', HOME: '/nonexistent' }
}

function launch(options: ChildOptions): ChildProcess {
  mkdirSync(dirname(options.logFile), { recursive: true })
  const log = openSync(options.logFile, 'w', 0o600)
  try {
    return spawn(options.command, [...options.args], {
      cwd: '/',
      env: plainEnvironment(),
      stdio: ['ignore', log, log],
      // A session of its own: the terminal's Ctrl-C is for us, and we stop the children in order.
      detached: true,
      ...serverAccount(),
    })
  } finally {
    closeSync(log)
  }
}

type Running = Map<number, { child: ProcessIdentity; signal: NodeJS.Signals }>

/** What every keeper of this process has running, for one last signal when the process exits. */
const endAtExit = new Set<Running>()
process.once('exit', () => {
  for (const running of endAtExit) for (const { child, signal } of running.values()) send(child, signal)
})

async function clearStrays(runDir: string): Promise<string[]> {
  const records = readdirSync(runDir).filter((name) => name.endsWith('.json'))
  const ended = records.map(async (name) => {
    const file = join(runDir, name)
    const entry = readRecord(file)
    if (entry !== undefined && isRunning(entry.owner)) return undefined
    const stray = entry !== undefined && isRunning(entry.child)
    if (stray) await endProcess(entry.child, { signal: entry.stopSignal })
    rmSync(file, { force: true })
    return stray ? entry.name : undefined
  })
  return (await Promise.all(ended)).filter((name) => name !== undefined)
}

/**
 * Creates a keeper with its records in `runDir`. Children still running when this process exits get their stop signal.
 * @example const shard = keeper.start({ name: 'shard', command: path, args: [], logFile: 'shard.log' })
 */
export function createKeeper(runDir: string): Keeper {
  mkdirSync(dirname(runDir), { recursive: true })
  mkdirSync(runDir, { recursive: true, mode: 0o700 })
  const owner = identify(process.pid)
  if (owner === undefined) throw new Error('/proc does not show this process')
  const running: Running = new Map()
  endAtExit.add(running)
  const fileOf = (child: ProcessIdentity): string => join(runDir, `${child.pid}.json`)

  const adopt = (name: string, child: ProcessIdentity, signal: NodeJS.Signals = 'SIGTERM'): void => {
    const file = fileOf(child)
    writeFileSync(`${file}.new`, JSON.stringify({ name, child, owner, stopSignal: signal }), { mode: 0o600 })
    renameSync(`${file}.new`, file)
    running.set(child.pid, { child, signal })
  }
  const forget = (child: ProcessIdentity): void => {
    if (running.delete(child.pid)) rmSync(fileOf(child), { force: true })
  }
  return {
    adopt,
    forget,
    clearStrays: () => clearStrays(runDir),
    async stopAll() {
      await Promise.all(
        [...running.values()].map(async ({ child, signal }) => {
          await endProcess(child, { signal })
          forget(child)
        }),
      )
    },
    start(options) {
      const child = launch(options)
      const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
        child.once('exit', (code, signal) => resolve({ code, signal }))
        child.once('error', () => resolve({ code: 127, signal: null }))
      })
      const self = (child.pid === undefined ? undefined : identify(child.pid)) ?? { pid: 0, start: 'never' }
      if (self.pid !== 0) adopt(options.name, self, options.stopSignal)
      const gone = exited.finally(() => forget(self))
      const end = async (signal: NodeJS.Signals, graceMs: number): Promise<void> => {
        await endProcess(self, { signal, graceMs })
        await gone
      }
      return {
        ...self,
        logFile: options.logFile,
        exited: gone,
        stop: (graceMs = 10_000) => end(options.stopSignal ?? 'SIGTERM', graceMs),
        kill: () => end('SIGKILL', 0),
      }
    },
  }
}
