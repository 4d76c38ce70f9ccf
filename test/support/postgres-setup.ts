import { prepareTemplate, startTestPostgres, testPostgresVariable } from './postgres.ts'

/** One PostgreSQL for the whole run of the tests with servers: the first project starts and stops it. */
export default async function setUp(): Promise<(() => Promise<void>) | undefined> {
  if (process.env[testPostgresVariable] !== undefined) return undefined
  const postgres = await startTestPostgres()
  await prepareTemplate(postgres.url)
  process.env[testPostgresVariable] = postgres.url
  return () => postgres.stop()
}
