import { statSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, describe, expect, it } from 'vitest'
import { temporaryDir } from '../process/temporary.ts'
import { startPostgres } from './start.ts'

const dir = temporaryDir()
afterAll(() => dir.remove())
const dataDir = join(dir.path, 'postgres')

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<Record<string, unknown>>({ text: sql })
    return rows
  } finally {
    await client.end()
  }
}

describe('startPostgres', () => {
  it('starts on loopback behind a password and keeps its data over a restart', async () => {
    const first = await startPostgres({ dataDir, database: 'gatehouse', durable: false })
    expect(first.adopted).toBe(false)
    expect(statSync(`${dataDir}.password`).mode & 0o777).toBe(0o600)
    await query(first.url, 'create table kept (n int); insert into kept values (42)')
    expect(await query(first.url, 'show listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }])
    expect(await query(first.url, 'show unix_socket_directories')).toEqual([{ unix_socket_directories: '' }])
    const wrong = Object.assign(new URL(first.url), { password: 'wrong' }).href
    await expect(query(wrong, 'select 1')).rejects.toThrow(/password authentication failed/)
    await first.stop()

    const second = await startPostgres({ dataDir, database: 'gatehouse', durable: false })
    expect(await query(second.url, 'select n from kept')).toEqual([{ n: 42 }])
    await second.stop()
  })

  it('takes over a server that its parent left running', async () => {
    const first = await startPostgres({ dataDir, durable: false })
    const again = await startPostgres({ dataDir, durable: false })
    expect(again).toMatchObject({ adopted: true, pid: first.pid, port: first.port })
    await again.stop()
    await expect(query(first.url, 'select 1')).rejects.toThrow(/ECONNREFUSED/)
  })

  it('starts again after SIGKILL', async () => {
    const first = await startPostgres({ dataDir, durable: false })
    await first.kill()
    const second = await startPostgres({ dataDir, durable: false })
    expect(await query(second.url, 'select 1 as one')).toEqual([{ one: 1 }])
    await second.stop()
  })

  it('gives the reason when it cannot start', async () => {
    const first = await startPostgres({ dataDir, durable: false })
    const other = startPostgres({ dataDir: join(dir.path, 'other'), port: first.port, durable: false })
    await expect(other).rejects.toThrow(/PostgreSQL did not start: .*(in use|could not)/)
    await first.stop()
  })
})
