import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { PrometheusVersion } from '../prometheus/start.ts'

/** What `npm start -- …` can be told. */
export interface StartOptions {
  /** First of the ports; see `ports.ts` for the order. */
  readonly portBase: number
  /** Folder of everything the demo keeps. */
  readonly stateDir: string
  /** Begin anew: delete the state first. */
  readonly reset: boolean
  /** Hours of metrics history generated on the first start. */
  readonly historyHours: number
  readonly prometheus: PrometheusVersion
}

const root = fileURLToPath(new URL('../../../../', import.meta.url))

export const defaultOptions: StartOptions = {
  portBase: 9080,
  stateDir: resolve(root, '.gatehouse'),
  reset: false,
  historyHours: 26,
  prometheus: '2',
}

export const helpText = `Usage: npm start -- [options]

Starts Gatehouse with everything it needs, all of it on loopback: PostgreSQL, two Prometheus shards (one of them
a pair of replicas) that scrape a demo exporter, an identity provider, the gateway and control.
Ctrl-C stops it all; what it has learnt stays for the next start.

Options:
  --port-base <n>     first port; gateway, control, identity provider, exporter and replicas take the next
                      ones (default ${defaultOptions.portBase}). A port that is taken is replaced by a free one.
  --state-dir <dir>   where everything is kept (default .gatehouse in the clone)
  --reset             delete what is kept there and begin anew
  --no-history        begin without generated history (default: ${defaultOptions.historyHours} hours of it, first start only)
  --prometheus <2|3>  major version of the shards (default ${defaultOptions.prometheus})
  -h, --help          this text
`

function parsePort(text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 1 || port > 65_000)
    throw new Error(`--port-base must be a port from 1 to 65000, not ${JSON.stringify(text)}`)
  return port
}

function parseVersion(text: string): PrometheusVersion {
  if (text !== '2' && text !== '3')
    throw new Error(`--prometheus must be 2 or 3, not ${JSON.stringify(text)}`)
  return text
}

/**
 * Reads the command line.
 * @returns 'help' when the help text was asked for
 * @throws Error naming the option that is unknown or wrong
 */
export function parseOptions(args: readonly string[]): StartOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      'port-base': { type: 'string' },
      'state-dir': { type: 'string' },
      reset: { type: 'boolean' },
      'no-history': { type: 'boolean' },
      prometheus: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help === true) return 'help'
  const { 'port-base': port, 'state-dir': dir, prometheus } = values
  return {
    portBase: port === undefined ? defaultOptions.portBase : parsePort(port),
    stateDir: dir === undefined ? defaultOptions.stateDir : resolve(dir),
    reset: values.reset ?? false,
    historyHours: values['no-history'] === true ? 0 : defaultOptions.historyHours,
    prometheus: prometheus === undefined ? defaultOptions.prometheus : parseVersion(prometheus),
  }
}
