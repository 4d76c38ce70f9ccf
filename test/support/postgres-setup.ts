import { prepareTemplate, startTestPostgres, testPostgresVariable } from './postgres.ts'

/** One PostgreSQL for the whole run of the system tests. */
export default async function setUp(): Promise<() => Promise<void>> {
  const postgres = await startTestPostgres()
  await prepareTemplate(postgres.url)
  process.env[testPostgresVariable] = postgres.url
  return () => postgres.stop()
}
