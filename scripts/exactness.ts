// Measures the answers over shards against real Prometheus servers and writes docs/exactness.md: some minutes.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ensureTools, toolPath } from '@gatehouse/local'
import { exactnessDocument, totalsOf } from '../test/conformance/shards/report.ts'
import { runCorpus } from '../test/conformance/shards/run-corpus.ts'

await ensureTools(['prometheus-2', 'prometheus-3'])
const versions = (['2', '3'] as const).filter(
  (version) => toolPath(`prometheus-${version}/prometheus`) !== undefined,
)
const reports = []
for (const version of versions) reports.push(...(await runCorpus(version)))
for (const { version, title, measurements } of reports) {
  console.log(version, title, JSON.stringify(totalsOf(measurements)))
  for (const { entry, kind, difference } of measurements) {
    if (difference !== undefined) console.log(`  ${kind} ${entry.query}\n    ${difference}`)
  }
}
const file = join(import.meta.dirname, '../docs/exactness.md')
writeFileSync(file, exactnessDocument(reports))
console.log(`wrote ${file}`)
