import { createPool, type Pool } from '@gatehouse/store'
import { loadConfigFile } from './config-file.ts'

/**
 * Runs `work` with a small pool of the application role, and closes it whatever happens.
 * @throws Error if the configuration names no database.
 */
export async function withDatabase<T>(
  configFile: string | undefined,
  work: (pool: Pool) => Promise<T>,
): Promise<T> {
  const { url } = loadConfigFile(configFile).database
  if (url === undefined) throw new Error('database.url or database.urlFile is required')
  const pool = createPool({ url, size: 2, onError: (error) => console.error(`gatehouse: ${String(error)}`) })
  try {
    return await work(pool)
  } finally {
    await pool.end()
  }
}
