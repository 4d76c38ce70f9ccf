// Measures a rehearsal on audit events written as a gateway writes them: node scripts/rehearsal.ts [events, default 100000].
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createProgram } from '@gatehouse/cli'
import { temporaryDir } from '@gatehouse/local'
import { createPool } from '@gatehouse/store'
import { currentAccess, proposedAccess, writeAuditedWeek } from '../test/support/audited-week.ts'
import {
  freshDatabase,
  prepareTemplate,
  startTestPostgres,
  testPostgresVariable,
} from '../test/support/postgres.ts'

const events = Number(process.argv[2] ?? 100_000)
const postgres = await startTestPostgres()
process.env[testPostgresVariable] = postgres.url
const dir = temporaryDir()
try {
  await prepareTemplate(postgres.url)
  const { appUrl } = await freshDatabase()
  const pool = createPool({ url: appUrl })
  const started = performance.now()
  await writeAuditedWeek(pool, events, Date.now())
  const seconds = (performance.now() - started) / 1000
  console.log(`${events} events written through the audit spool in ${seconds.toFixed(0)} s`)
  await pool.end()
  const file = (name: string, text: string): string => {
    writeFileSync(join(dir.path, name), text)
    return join(dir.path, name)
  }
  file('current.yaml', currentAccess)
  const proposal = file('proposal.yaml', proposedAccess)
  const config = file('config.yaml', JSON.stringify({ database: { url: appUrl } }))
  console.log('$ gatehouse policy rehearse proposal.yaml --since 8d')
  const parameters = ['policy', 'rehearse', proposal, '--since', '8d', '--config.file', config]
  await createProgram().parseAsync(['node', 'gatehouse', ...parameters])
  console.log(`exit code ${process.exitCode ?? 0}`)
  process.exitCode = 0
} finally {
  await postgres.stop()
  dir.remove()
}
