import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const script = fileURLToPath(new URL('../../../../scripts/build-console.sh', import.meta.url))

/**
 * Builds the web console if its sources have changed since the last build.
 * @throws Error with what the build said.
 */
export async function buildConsole(): Promise<void> {
  await promisify(execFile)('sh', [script]).catch((error: Error & { stderr?: string }) => {
    throw new Error(error.stderr?.trim() || error.message, { cause: error })
  })
}
