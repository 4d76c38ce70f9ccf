// A board of twelve panels over six hours through the gateway, beside bare Prometheus and a plain proxy, in one run.
//   npm run bench -- dashboard [--rounds 15] [--json]
// Medians of interleaved rounds; only the ratios mean anything on another machine.
import { parseArgs } from 'node:util'
import { closeClient } from './dashboard/client.ts'
import { measure } from './dashboard/measure.ts'
import { startServers } from './dashboard/servers.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    json: { type: 'boolean', default: false },
  },
})

console.error('starting Prometheus, nginx, Postgres and two gateways, and writing seven hours of series')
// The goals are about a tenant of 576 counter series: 24 of the demo, from 24 instances; histograms have ten series where counters have one.
const servers = await startServers({ instances: 24, instancesWithHistograms: 4 })
try {
  const report = await measure(servers, Number(values.rounds))
  if (values.json) console.log(JSON.stringify(report))
  else for (const table of Object.values(report)) console.table(table)
} finally {
  closeClient()
  await servers.close()
}
