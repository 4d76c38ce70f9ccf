// A board of twelve panels over six hours through the gateway, beside bare Prometheus and a plain proxy, in one run.
//   npm run bench -- dashboard [--rounds 15] [--minutes 10] [--json]
// Medians of interleaved rounds; only the ratios mean anything on another machine. With --minutes boards are only watched for so long.
import { parseArgs } from 'node:util'
import { closeClient } from './dashboard/client.ts'
import { measure } from './dashboard/measure.ts'
import { startServers } from './dashboard/servers.ts'
import { watchBoards } from './dashboard/watch.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    minutes: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})

console.error('starting Prometheus, nginx, Postgres and two gateways, and writing seven hours of series')
const servers = await startServers()
try {
  const report =
    values.minutes === undefined
      ? await measure(servers, Number(values.rounds))
      : await watchBoards(servers, Number(values.minutes))
  if (values.json) console.log(JSON.stringify(report))
  else for (const table of Object.values(report)) console.table(table)
} finally {
  closeClient()
  await servers.close()
}
