// A board of twelve panels over six hours through the gateway, beside bare Prometheus and a plain proxy, in one run.
import { parseArgs } from 'node:util'
import { closeClient } from './dashboard/client.ts'
import { measure } from './dashboard/measure.ts'
import { startServers } from './dashboard/servers.ts'

const help = `A board of twelve panels over six hours through the gateway, beside bare Prometheus and nginx as a plain proxy, in one run.

  npm run bench -- dashboard [--rounds 15] [--only TEXT] [--json] [--profile DIR]

  --rounds N        rounds, each of which asks all targets in turn; the tables hold medians
  --only TEXT       only the works whose name holds TEXT ("G2", "moving", "herd", "two shards", "hits")
  --json            prints JSON instead of tables
  --profile DIR     writes a CPU profile of the gateway of one process there

Only the ratios mean anything on another machine, and only on an idle one.`

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    only: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
    profile: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

async function main(): Promise<void> {
  console.error('starting Prometheus, nginx, Postgres and two gateways, and writing seven hours of series')
  // The goals are about a tenant of 576 counter series: 24 of the demo, from 24 instances; histograms have ten series where counters have one.
  const size = { instances: 24, instancesWithHistograms: 4 }
  const servers = await startServers(size, values.profile)
  try {
    const report = await measure(servers, { rounds: Number(values.rounds), only: values.only })
    if (values.json) return console.log(JSON.stringify(report))
    for (const [name, table] of Object.entries(report)) {
      console.log(`\n${name}`)
      console.table(table)
    }
  } finally {
    closeClient()
    await servers.close()
  }
}

if (values.help) console.log(help)
else await main()
