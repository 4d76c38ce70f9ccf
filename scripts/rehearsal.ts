// Measures a rehearsal: npm exec -c 'node scripts/rehearsal.ts [events, default 100000] [doublings, default 0]'. The events are written as a gateway
// writes them; each doubling then copies them all once more inside Postgres, and it is rehearsed again.
import { writeFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import { join } from 'node:path'
import { createProgram } from '@gatehouse/cli'
import { temporaryDir } from '@gatehouse/local'
import { createPool } from '@gatehouse/store'
import pg from 'pg'
import { currentAccess, proposedAccess, writeAuditedWeek } from '../test/support/audited-week.ts'
import {
  freshDatabase,
  prepareTemplate,
  startTestPostgres,
  testPostgresVariable,
} from '../test/support/postgres.ts'

const events = Number(process.argv[2] ?? 100_000)
const doublings = Number(process.argv[3] ?? 0)

const double = `
  insert into audit_events (at, id, class, org_uid, writer, seq, prev, hash, event)
  select e.at, n.id, e.class, e.org_uid, e.writer, e.seq + 1000000000, e.prev, sha256(n.id::text::bytea),
    e.event || jsonb_build_object('id', n.id)
  from audit_events e cross join lateral (select e.id as old, gen_random_uuid() as id) n
  where e.class = 'query'`

async function copyEvents(adminUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl })
  await client.connect()
  for (let i = 0; i < doublings; i += 1) await client.query(double)
  await client.query('analyze audit_events')
  const { rows } = await client.query<{ n: string }>('select count(*) as n from audit_events')
  console.log(`${rows[0]?.n} events in the audit log`)
  await client.end()
}

const postgres = await startTestPostgres()
process.env[testPostgresVariable] = postgres.url
const dir = temporaryDir()
try {
  await prepareTemplate(postgres.url)
  const { appUrl, adminUrl } = await freshDatabase()
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
  const rehearse = async (): Promise<void> => {
    console.log(`load ${loadavg()[0]?.toFixed(0)} on ${availableParallelism()} cores`)
    console.log('$ gatehouse policy rehearse proposal.yaml --since 8d')
    const parameters = ['policy', 'rehearse', proposal, '--since', '8d', '--config.file', config]
    await createProgram().parseAsync(['node', 'gatehouse', ...parameters])
    console.log(`exit code ${process.exitCode ?? 0}`)
    process.exitCode = 0
  }
  await rehearse()
  if (doublings > 0) {
    await copyEvents(adminUrl)
    await rehearse()
  }
} finally {
  await postgres.stop()
  dir.remove()
}
