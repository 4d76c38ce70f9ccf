import { Agent, request } from 'node:http'

/** Where a board is asked. */
export interface Target {
  readonly name: string
  /** Base without `/api/v1`. */
  readonly base: string
  readonly headers: Readonly<Record<string, string>>
  readonly queries: readonly string[]
}

/** A window in Unix seconds. */
export interface Window {
  readonly start: number
  readonly end: number
  readonly step: number
}

const agent = new Agent({ keepAlive: true, maxSockets: 128 })

/** Asks one range; its body's length and how the cache came by it. @throws Error for all but 200. */
export function askRange(
  target: Target,
  query: string,
  window: Window,
): Promise<{ bytes: number; cache: string }> {
  const { start, end, step } = window
  const body = new URLSearchParams({
    query,
    start: String(start),
    end: String(end),
    step: String(step),
  }).toString()
  return new Promise((resolve, reject) => {
    const sent = request(
      `${target.base}/api/v1/query_range`,
      {
        method: 'POST',
        agent,
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...target.headers },
      },
      (answer) => {
        let bytes = 0
        answer.on('data', (chunk: Buffer) => {
          bytes += chunk.length
        })
        answer.on('error', reject)
        answer.on('end', () => {
          const cache = String(answer.headers['x-gatehouse-cache'] ?? '').split(';')[0] ?? ''
          if (answer.statusCode === 200) resolve({ bytes, cache })
          else reject(new Error(`${target.name} answered ${answer.statusCode}`))
        })
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

/** Milliseconds that a piece of work takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}

/** Asks all panels at once, as a page does. */
export async function askBoard(target: Target, window: Window): Promise<void> {
  await Promise.all(target.queries.map((query) => askRange(target, query, window)))
}

/** Closes idle connections. */
export function closeClient(): void {
  agent.destroy()
}

/** Median and spread (10th and 90th percentile). */
export function summary(values: readonly number[]): { p50: number; p10: number; p90: number } {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
  return { p50: at(0.5), p10: at(0.1), p90: at(0.9) }
}
