// Kills gateways at random moments under load and checks that every answered request has exactly one audit event.
//   npm run crash -- [--kills 1000] [--gateways 2] [--outage 180] [--level write]
import { parseArgs } from 'node:util'
import { runCrashes } from './crash-run.ts'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '1000' },
    gateways: { type: 'string', default: '2' },
    outage: { type: 'string', default: '180' },
    level: { type: 'string', default: 'write' },
  },
})
const report = await runCrashes({
  kills: Number(values.kills),
  gateways: Number(values.gateways),
  outageSeconds: Number(values.outage),
  level: values.level === 'fsync' ? 'fsync' : 'write',
  onProgress: (kills, answered) => console.log(`${kills} kills, ${answered} answers`),
})
const { lost, duplicated, findings, ...figures } = report
console.log(
  JSON.stringify({ ...figures, lost: lost.length, duplicated: duplicated.length, findings }, undefined, 2),
)
process.exitCode = lost.length + duplicated.length + findings.length === 0 ? 0 : 1
