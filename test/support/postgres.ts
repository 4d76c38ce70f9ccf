import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { startPostgres, temporaryDir } from '@gatehouse/local'
import { migrate } from '@gatehouse/store'
import pg from 'pg'

/** A PostgreSQL for one run of tests. */
export interface TestPostgres {
  /** URL of the superuser, database `postgres`. */
  readonly url: string
  stop(): Promise<void>
}

const template = 'gatehouse_template'
const appPassword = 'app'

/** URLs of one database of the tests, for the owner and for the application's role. */
export interface TestDatabase {
  readonly adminUrl: string
  readonly appUrl: string
  drop(): Promise<void>
}

/** Starts an empty PostgreSQL of its own in a temporary folder. */
export async function startTestPostgres(): Promise<TestPostgres> {
  const dir = temporaryDir()
  const postgres = await startPostgres({ dataDir: join(dir.path, 'postgres'), durable: false })
  return {
    url: postgres.url,
    async stop() {
      await postgres.stop()
      dir.remove()
    },
  }
}

async function run(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

function urlsOf(url: string, database: string): { adminUrl: string; appUrl: string } {
  const adminUrl = Object.assign(new URL(url), { pathname: `/${database}` }).href
  const appUrl = Object.assign(new URL(adminUrl), { username: 'gatehouse_test', password: appPassword }).href
  return { adminUrl, appUrl }
}

/** Makes the migrated template that {@link freshDatabase} copies. */
export async function prepareTemplate(url: string): Promise<void> {
  await run(url, `create database ${template}`)
  const { adminUrl, appUrl } = urlsOf(url, template)
  await migrate(adminUrl, { appUrl })
  await run(url, `alter database ${template} is_template true allow_connections false`)
}

/** The run's server: the global set-up starts it and leaves its URL in the environment. */
export const testPostgresVariable = 'GATEHOUSE_TEST_POSTGRES'

/** A migrated, empty database of one's own (about 50 ms); `migrated: false` gives one without any table. */
export async function freshDatabase(options: { migrated?: boolean } = {}): Promise<TestDatabase> {
  const url = process.env[testPostgresVariable]
  if (url === undefined)
    throw new Error('no test server: the vitest project needs test/support/postgres-setup.ts')
  const name = `t_${randomUUID().replaceAll('-', '')}`
  const source = options.migrated === false ? 'template0' : template
  await run(url, `create database ${name} template ${source}`)
  return { ...urlsOf(url, name), drop: () => run(url, `drop database if exists ${name} with (force)`) }
}
