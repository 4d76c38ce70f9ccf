import { dumpSchema, migrate } from '@gatehouse/store'
import { startTestPostgres } from '../../test/support/postgres.ts'

/** `migrations/schema.sql`: the schema that the migrations make, read back from a real server. */
export async function schemaDump(): Promise<string> {
  const postgres = await startTestPostgres()
  try {
    await migrate(postgres.url)
    return await dumpSchema(postgres.url)
  } finally {
    await postgres.stop()
  }
}
