import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { programOf } from '../shared/processes.ts'

const run = promisify(execFile)

/** What wrk found: milliseconds and requests. */
export interface Load {
  readonly requests: number
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
}

const unitMs: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1_000, m: 60_000 }

function ms(text: string | undefined, unit: string | undefined): number {
  return Number(text) * (unitMs[unit ?? ''] ?? Number.NaN)
}

/** Asks one URL over and over. @throws Error if anything but 200 comes back. */
export async function load(
  url: string,
  {
    connections,
    seconds,
    headers,
  }: { connections: number; seconds: number; headers: Record<string, string> },
): Promise<Load> {
  const flags = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '60s', '--latency', ...flags, url]
  const { stdout } = await run(programOf('wrk/wrk'), args)
  const wrong = /Non-2xx.*|Socket errors.*/.exec(stdout)
  if (wrong !== null) throw new Error(`${url}: ${wrong[0]}`)
  const percentile = (share: number): number => {
    const [, value, unit] = new RegExp(`^\\s+${share}%\\s+([\\d.]+)(us|ms|s|m)$`, 'm').exec(stdout) ?? []
    return ms(value, unit)
  }
  return {
    requests: Number(/(\d+) requests in/.exec(stdout)?.[1]),
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]),
    p50: percentile(50),
    p99: percentile(99),
  }
}
