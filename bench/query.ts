// Uncached queries through the gateway, beside what stands behind it and beside plain proxies, in one run.
import { parseArgs } from 'node:util'
import { measure } from './query/measure.ts'
import { startServers } from './query/servers.ts'

const help = `Uncached queries through the gateway, beside bare Prometheus, nginx and vmauth as plain proxies, in one run.

  npm run bench -- query [--rounds 5] [--seconds 3] [--only TEXT] [--json] [--peer NAME=URL]… [--port N] [--profile DIR]

  --rounds N        rounds, each of which asks all targets in turn; the table holds their medians
  --seconds N       how long one load of a round lasts
  --only TEXT       only the works whose name holds TEXT ("c=32", "578 kB", "2 shards", "hot", "memory")
  --json            prints JSON instead of tables
  --peer NAME=URL   another endpoint (base URL without /api/v1) in front of the bare Prometheus; may be repeated
  --port N          port of the bare Prometheus, so that a peer can be pointed at it; it is waited for
  --profile DIR     writes a CPU profile of the uncached gateway there

Only ratios mean anything on another machine, and only on an idle one: the load average stands beside each table.
nginx, vmauth and wrk are unpacked by scripts/setup-tools.sh; without vmauth the run goes on and says so.`

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
    peer: { type: 'string', multiple: true, default: [] },
    port: { type: 'string' },
    profile: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

function peerOf(text: string): { name: string; url: string } {
  const [, name, url] = /^([^=]+)=(https?:\/\/.+?)\/*$/.exec(text) ?? []
  if (name === undefined || url === undefined) throw new Error(`--peer ${text} is not NAME=URL`)
  return { name, url }
}

async function main(): Promise<void> {
  const peers = values.peer.map(peerOf)
  console.error(
    'starting three Prometheus servers, proxies, Postgres and two gateways; writing seven hours of series',
  )
  const port = values.port === undefined ? undefined : Number(values.port)
  const servers = await startServers({ peers, port, profileDir: values.profile })
  for (const name of servers.absent) console.error(`note: ${name} is not to be had here and is left out`)
  try {
    const effort = { rounds: Number(values.rounds), seconds: Number(values.seconds) }
    const tables = await measure(servers, effort, values.only)
    if (values.json) return console.log(JSON.stringify(tables))
    for (const [name, table] of Object.entries(tables)) {
      console.log(`\n${name}`)
      console.table(table)
    }
  } finally {
    await servers.close()
  }
}

if (values.help) console.log(help)
else await main()
