import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { identify, type ProcessIdentity } from '../process/identity.ts'
import { serverAccount, serverDir } from '../process/account.ts'

/** A database cluster on disk. */
export interface Cluster {
  /** PostgreSQL's data directory. */
  readonly dir: string
  /** Password of the superuser `postgres`. */
  readonly password: string
}

function readPassword(file: string): string {
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, randomBytes(24).toString('base64url'), { mode: 0o600 })
  }
  return readFileSync(file, 'utf8')
}

/**
 * Opens the cluster below `dataDir`, creating it first (0.5 s) when there is none. Its superuser's password is in
 * `<dataDir>.password`, mode 0600, and is the only way in.
 */
export function openCluster(dataDir: string, binaries: string): Cluster {
  const parent = serverDir(dataDir)
  const cluster: Cluster = { dir: join(parent, 'cluster'), password: readPassword(`${dataDir}.password`) }
  if (!existsSync(cluster.dir)) initialise(cluster, binaries)
  return cluster
}

function initialise({ dir, password }: Cluster, binaries: string): void {
  const account = serverAccount()
  const partial = `${dir}.new`
  const passwordFile = `${dir}.initial`
  rmSync(partial, { recursive: true, force: true })
  writeFileSync(passwordFile, password, { mode: 0o600 })
  if (account !== undefined) chownSync(passwordFile, account.uid, account.gid)
  // --no-sync: an initial cluster lost with the machine's power is simply made again.
  const args = ['-D', partial, '-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`]
  const result = spawnSync(
    join(binaries, 'bin/initdb'),
    [
      ...args,
      '-E',
      'UTF8',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--locale=C',
      '--no-sync',
    ],
    { cwd: '/', env: { LANG: 'C', TZ: 'UTC', PATH: process.env['PATH'] }, encoding: 'utf8', ...account },
  )
  rmSync(passwordFile, { force: true })
  if (result.status !== 0) {
    const reason = result.error?.message ?? result.stderr.trim().split('\n').at(-1)
    throw new Error(`initdb could not create a database in ${dir}: ${reason}`)
  }
  renameSync(partial, dir)
}

/** The server that has this cluster open, as `postmaster.pid` tells; undefined when none runs. */
export function runningServer(dir: string): { process: ProcessIdentity; port: number } | undefined {
  let lines: string[]
  try {
    lines = readFileSync(join(dir, 'postmaster.pid'), 'utf8').split('\n')
  } catch {
    return undefined
  }
  const [pid = '', path, , port = ''] = lines
  const found = identify(Number(pid))
  // The file of a killed server may name a pid that is somebody else's by now.
  if (found === undefined || path !== dir || !commandLine(found.pid).includes(dir)) return undefined
  return { process: found, port: Number(port) }
}

function commandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  } catch {
    return []
  }
}
