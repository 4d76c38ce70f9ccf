import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { executableDir } from './process/account.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const toolsDir = join(root, '.tools')

/** A program of `scripts/setup-tools.sh`: `<tool>/<binary>`, for example `prometheus-2/promtool`. */
export type ToolBinary = `${ToolName}/${string}`
export type ToolName =
  | 'prometheus-2'
  | 'prometheus-3'
  | 'alertmanager'
  | 'redis'
  | 'nginx'
  | 'victoria-metrics'
  | 'wrk'

/**
 * Path of an unpacked program that the server account can execute; undefined when it is not there.
 * @example toolPath('prometheus-2/promtool')
 */
export function toolPath(binary: ToolBinary): string | undefined {
  const [tool = '', name = ''] = binary.split('/')
  try {
    accessSync(join(toolsDir, tool, name), constants.X_OK)
  } catch {
    return undefined
  }
  return join(executableDir(join(toolsDir, tool), name), name)
}

/**
 * Makes the named tools available: 9 ms when they are, else some seconds of unpacking.
 * `prometheus-3` may stay absent, which the script says; ask {@link toolPath}.
 * @throws Error with one clear sentence when a tool is neither on PATH nor to be had.
 */
export async function ensureTools(names: readonly ToolName[]): Promise<void> {
  const child = spawn('sh', [join(root, 'scripts/setup-tools.sh'), ...names], {
    stdio: ['ignore', 'inherit', 'pipe'],
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
    process.stderr.write(text)
  })
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  if (code === 0) return
  const reason = said
    .trim()
    .split('\n')
    .findLast((line) => line.startsWith('setup-tools: '))
  throw new Error(reason?.slice('setup-tools: '.length) ?? `scripts/setup-tools.sh ended with code ${code}`)
}
