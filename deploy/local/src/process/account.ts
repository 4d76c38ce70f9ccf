import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'

/** The unprivileged account that servers run under when we are root. */
export interface Account {
  readonly uid: number
  readonly gid: number
}

// Every Linux has it, so its files never change owner when a package adds or removes an account of its own.
const nobody: Account = { uid: 65_534, gid: 65_534 }

/** The account for servers: PostgreSQL refuses to run as root, and the others need not. Undefined when we are not root. */
export function serverAccount(): Account | undefined {
  return process.getuid?.() === 0 ? nobody : undefined
}

/** Where root keeps what `nobody` must reach when the clone is below a private folder such as /root. */
const rootDir = '/var/lib/gatehouse'

function placeOutside(path: string): string {
  const place = createHash('sha256').update(path).digest('hex').slice(0, 12)
  const parent = join(rootDir, place)
  mkdirSync(parent, { recursive: true })
  for (const dir of [rootDir, parent]) chmodSync(dir, 0o711)
  return join(parent, basename(path))
}

function canUse(account: Account, path: string): boolean {
  // The kernel decides, as modes do not tell about ACLs and noexec mounts.
  return spawnSync('/bin/sh', ['-c', 'test -x "$0"', path], { ...account, cwd: '/' }).status === 0
}

/**
 * Creates the folder a server keeps its data in and returns its path. It is readable by that server's account only.
 * As root it is elsewhere than asked for when the account cannot reach `dir`; the same `dir` always leads to the same place.
 */
export function serverDir(dir: string): string {
  const wanted = resolve(dir)
  const account = serverAccount()
  if (account === undefined) {
    mkdirSync(wanted, { recursive: true, mode: 0o700 })
    return wanted
  }
  mkdirSync(dirname(wanted), { recursive: true })
  const path = canUse(account, dirname(wanted)) ? wanted : placeOutside(wanted)
  mkdirSync(path, { recursive: true, mode: 0o700 })
  const { uid } = statSync(path)
  if (uid !== account.uid) chownSync(path, account.uid, account.gid)
  return path
}

/** Writes a file that the server account can read and others cannot. */
export function writeServerFile(file: string, text: string): void {
  const account = serverAccount()
  writeFileSync(file, text, { mode: 0o600 })
  if (account !== undefined) chownSync(file, account.uid, account.gid)
}

/** Deletes a server's folder, wherever {@link serverDir} put it. */
export function removeServerDir(dir: string): void {
  const wanted = resolve(dir)
  rmSync(wanted, { recursive: true, force: true })
  if (serverAccount() !== undefined) rmSync(dirname(placeOutside(wanted)), { recursive: true, force: true })
}

/** A folder of programs as the server account can execute it: itself, or a copy when `probe` in it cannot be executed. */
export function executableDir(dir: string, probe: string): string {
  const account = serverAccount()
  if (account === undefined || canUse(account, join(dir, probe))) return dir
  const source = statSync(join(dir, probe))
  const copy = `${placeOutside(resolve(dir))}-${source.size}-${Math.trunc(source.mtimeMs)}`
  if (!existsSync(copy)) {
    const partial = `${copy}.${process.pid}`
    cpSync(dir, partial, { recursive: true, verbatimSymlinks: true })
    // What was unpacked under a private umask would be as private in the copy.
    spawnSync('chmod', ['-R', 'a+rX', partial])
    renameSync(partial, copy)
  }
  if (!canUse(account, join(copy, probe)))
    throw new Error(`${join(copy, probe)} cannot be run as uid ${account.uid}`)
  return copy
}
