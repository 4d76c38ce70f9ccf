import { join } from 'node:path'
import { ensureTools, startPrometheus, temporaryDir, toolPath } from '@gatehouse/local'
import { Pool } from 'undici'

/** What a server said of a query: the result, or its error message. */
export type Verdict =
  | { readonly accepted: true; readonly data: unknown }
  | { readonly accepted: false; readonly error: string }

/** A real Prometheus that is asked about queries. */
export interface Reference {
  readonly version: string
  /** `/api/v1/format_query`: the query as the server prints it. */
  format(query: string): Promise<Verdict>
  /** `/api/v1/parse_query`: the query's tree. */
  tree(query: string): Promise<Verdict>
  /** `/api/v1/series`: whether the text is a `match[]` parameter. */
  match(selector: string): Promise<Verdict>
  stop(): Promise<void>
}

/** Starts a Prometheus with its experimental functions on; undefined when that major version is not to be had. */
export async function startReference(major: '2' | '3'): Promise<Reference | undefined> {
  await ensureTools([`prometheus-${major}`])
  if (toolPath(`prometheus-${major}/prometheus`) === undefined) return undefined
  const dir = temporaryDir()
  const flags = ['--enable-feature=promql-experimental-functions']
  const server = await startPrometheus({ version: major, dataDir: join(dir.path, 'prometheus'), flags })
  const pool = new Pool(server.url, { connections: 8 })
  const ask = async (endpoint: string, parameters: Record<string, string>): Promise<Verdict> => {
    const { body } = await pool.request({
      path: `/api/v1/${endpoint}`,
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(parameters).toString(),
    })
    const answer = (await body.json()) as { status: string; data?: unknown; error?: string }
    if (answer.status === 'success') return { accepted: true, data: answer.data }
    return { accepted: false, error: answer.error ?? '' }
  }
  const info = await (await fetch(`${server.url}/api/v1/status/buildinfo`)).json()
  return {
    version: (info as { data: { version: string } }).data.version,
    format: (query) => ask('format_query', { query }),
    tree: (query) => ask('parse_query', { query }),
    match: (selector) => ask('series', { 'match[]': selector, start: '0', end: '1' }),
    async stop() {
      await pool.close()
      await server.stop()
      dir.remove()
    },
  }
}
