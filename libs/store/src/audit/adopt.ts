import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { isGatehouseError } from '@gatehouse/errors'
import type { Pool } from '../pool.ts'
import { lockSpool, type SpoolLock } from './lock.ts'
import { recoverSpool } from './recover.ts'
import { segmentPath } from './segment.ts'
import { startShipper } from './shipper.ts'

async function tryLock(dir: string): Promise<SpoolLock | undefined> {
  try {
    return await lockSpool(dir, 'adopt')
  } catch (error) {
    if (isGatehouseError(error) && error.code === 'conflict') return undefined
    throw error
  }
}

// Shorter than a starting writer waits for its spool.
const timeoutMs = 10_000

/** Ships one abandoned spool. Its last segment stays, for the writer to go on from if it ever returns. */
async function adopt(dir: string, pool: Pool, signal: AbortSignal): Promise<boolean> {
  const lock = await tryLock(dir)
  if (lock === undefined) return true
  try {
    const { writer, segments } = recoverSpool(dir)
    const segment = segments.at(-1)
    if (writer === undefined || segment === undefined) return true
    const position = { segment, offset: statSync(segmentPath(dir, segment)).size }
    const source = {
      writer,
      dir,
      position: () => position,
      release: () => {},
      refs: () => [],
      forget: () => {},
    }
    const shipper = startShipper(source, pool)
    const giveUp = (): void => void shipper.stop(0)
    signal.addEventListener('abort', giveUp)
    const isDone = await shipper.stop(signal.aborted ? 0 : timeoutMs)
    signal.removeEventListener('abort', giveUp)
    return isDone
  } finally {
    lock.release()
  }
}

/**
 * Ships what writers left in the spool folder that no running process holds: a gateway that was killed and did not
 * come back, a worker that is no longer started.
 * @param signal ends it early
 * @returns names of writers of which something is left
 */
export async function adoptSpools(spoolDir: string, pool: Pool, signal: AbortSignal): Promise<string[]> {
  const left: string[] = []
  for (const { name } of readdirSync(spoolDir, { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  ))
    if (!(await adopt(join(spoolDir, name), pool, signal))) left.push(name)
  return left
}
