import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { identify } from './identity.ts'

const prefix = 'gatehouse-tmp-'

/** Deletes the temporary folders of processes that are gone. */
function sweep(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = name.startsWith(prefix) ? Number(name.slice(prefix.length).split('-')[0]) : Number.NaN
    if (Number.isInteger(pid) && identify(pid) === undefined)
      rmSync(join(tmpdir(), name), { recursive: true, force: true })
  }
}

/**
 * A temporary folder for servers' data, for tests. The server account can reach into it (it cannot into what
 * `mkdtemp` makes). Folders that killed runs left are deleted on the way.
 */
export function temporaryDir(): { path: string; remove(): void } {
  sweep()
  const path = mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`))
  chmodSync(path, 0o711)
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}
