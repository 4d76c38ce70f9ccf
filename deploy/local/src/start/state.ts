import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { removeServerDir } from '../process/account.ts'
import { identify, isRunning } from '../process/identity.ts'
import { shardPlans } from '../demo/shards.ts'

/** Where the demo keeps what. */
export interface StateDir {
  readonly path: string
  /** Servers' data, one folder each. */
  readonly data: string
  /** Records of running processes. */
  readonly run: string
  readonly logs: string
  readonly configFile: string
  readonly readyFile: string
  readonly secretsFile: string
  readonly idpKeyFile: string
  /** Seals the audit log; its public half has the same name with `.pub`. */
  readonly auditKeyFile: string
  readonly checkpointsFile: string
  readonly noticesFile: string
  /** `http.config.file`s for promtool, one a token. */
  readonly promtool: string
}

/** The places inside a state folder. */
export function stateDir(path: string): StateDir {
  return {
    path,
    data: join(path, 'data'),
    run: join(path, 'run'),
    logs: join(path, 'logs'),
    configFile: join(path, 'config.yaml'),
    readyFile: join(path, 'ready.json'),
    secretsFile: join(path, 'secrets.json'),
    idpKeyFile: join(path, 'idp-keys.json'),
    auditKeyFile: join(path, 'audit-key.pem'),
    checkpointsFile: join(path, 'audit-checkpoints.jsonl'),
    noticesFile: join(path, 'notices.jsonl'),
    promtool: join(path, 'promtool'),
  }
}

/** Creates the folders. The server account may pass through, other accounts may not read what is private: files are 0600. */
export function createStateDir(state: StateDir): void {
  for (const dir of [state.path, state.data]) {
    mkdirSync(dir, { recursive: true })
    chmodSync(dir, 0o711)
  }
  for (const dir of [state.run, state.logs, state.promtool]) mkdirSync(dir, { recursive: true, mode: 0o700 })
}

const ownerSchema = z.object({ pid: z.int(), start: z.string() })

function readOwner(file: string): z.output<typeof ownerSchema> | undefined {
  const result = ownerSchema.safeParse(existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined)
  return result.data
}

/**
 * Claims the state folder for this process until the function returned is called.
 * @throws Error when another running process has it.
 */
export function claimStateDir(state: StateDir): () => void {
  const file = join(state.path, 'owner')
  for (;;) {
    const owner = readOwner(file)
    if (owner !== undefined && isRunning(owner))
      throw new Error(
        `already running from ${state.path} (process ${owner.pid}): stop that one, or use --state-dir`,
      )
    rmSync(file, { force: true })
    try {
      writeFileSync(file, JSON.stringify(identify(process.pid)), { flag: 'wx', mode: 0o600 })
      return () => rmSync(file, { force: true })
    } catch (error) {
      // Somebody else was faster: look who.
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
  }
}

/** Deletes what earlier starts have kept, except the claim. Nothing of it may be running. */
export function resetStateDir(state: StateDir): void {
  const servers = ['postgres', ...shardPlans.flatMap(({ replicas }) => replicas)]
  for (const name of servers) removeServerDir(join(state.data, name))
  const kept = [state.data, state.logs, state.promtool, join(state.path, 'audit-spool')]
  const audit = [state.auditKeyFile, `${state.auditKeyFile}.pub`, state.checkpointsFile]
  const files = [state.noticesFile, state.configFile, state.readyFile, state.secretsFile, state.idpKeyFile]
  for (const path of [...kept, ...files, ...audit]) rmSync(path, { recursive: true, force: true })
}
