// What the audit log costs: a durable event at each level; with --store, Postgres with many events and an auditor's questions.
//   npm run bench -- audit [--store] [--events 5000000] [--json]
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startPostgres, temporaryDir } from '@gatehouse/local'
import { measureLevels } from './audit-log/levels.ts'
import { measureStore } from './audit-log/store.ts'

const { values } = parseArgs({
  options: {
    store: { type: 'boolean', default: false },
    events: { type: 'string', default: '5000000' },
    json: { type: 'boolean', default: false },
  },
})

async function measureOwnStore(events: number) {
  const dir = temporaryDir()
  const postgres = await startPostgres({ dataDir: join(dir.path, 'postgres'), database: 'bench' })
  try {
    const appUrl = Object.assign(new URL(postgres.url), { username: 'bench_app', password: 'bench' }).href
    const onProgress = (text: string): void => console.error(text)
    return await measureStore({ adminUrl: postgres.url, appUrl, events, onProgress })
  } finally {
    await postgres.stop()
    dir.remove()
  }
}

const round = (value: number): number => (value >= 100 ? Math.round(value) : Number(value.toPrecision(3)))
const rounded = (rows: readonly object[]): object[] =>
  rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([k, v]) => [k, typeof v === 'number' ? round(v) : v])),
  )

const levels = await measureLevels()
const store = values.store ? await measureOwnStore(Number(values.events)) : undefined
if (values.json) console.log(JSON.stringify({ levels, store }))
else {
  console.table(rounded(levels))
  if (store !== undefined) {
    const { filters, ...figures } = store
    console.table(rounded(filters))
    console.table(rounded([figures]))
  }
}
