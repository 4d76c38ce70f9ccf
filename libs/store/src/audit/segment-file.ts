import { close, fdatasync, fsync, ftruncate, open, rmSync, write, writeSync } from 'node:fs'
import { promisify } from 'node:util'
import { segmentPath } from './segment.ts'

const openFile = promisify(open)
const closeFile = promisify(close)
const truncate = promisify(ftruncate)
const sync = promisify(fdatasync)
const syncFile = promisify(fsync)

function writeAt(fd: number, bytes: Buffer, position: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const next = (from: number): void => {
      write(fd, bytes, from, bytes.length - from, position + from, (error, written) => {
        if (error !== null) reject(error)
        else if (from + written < bytes.length) next(from + written)
        else resolve()
      })
    }
    next(0)
  })
}

async function syncFolder(dir: string): Promise<void> {
  const folder = await openFile(dir, 'r')
  try {
    await syncFile(folder)
  } finally {
    await closeFile(folder)
  }
}

// Handing a small write to another thread and back costs ten times the write itself. So lines go to the page cache at once,
// unless the disk has lately been slow: then a thread waits for it instead of everybody.
const slowMs = 20
const carefulMs = 10_000
let carefulUntil = 0

function writeToCache(fd: number, bytes: Buffer, position: number): Promise<void> | undefined {
  const started = performance.now()
  if (started < carefulUntil) return writeAt(fd, bytes, position)
  for (let from = 0; from < bytes.length; ) {
    from += writeSync(fd, bytes, from, bytes.length - from, position + from)
  }
  const ended = performance.now()
  if (ended - started > slowMs) carefulUntil = ended + carefulMs
  return undefined
}

/** The segment being written. Its first `committed` bytes are whole lines at the chosen level of durability. */
export interface SegmentFile {
  readonly segment: number
  committed(): number
  /** Adds lines; resolves when they are durable. After a failure nothing of them counts. */
  add(lines: string): Promise<void>
  close(): Promise<void>
}

/** Makes a segment. With `fsync`, its lines and its name in the directory survive a loss of power. */
export async function createSegment(
  dir: string,
  segment: number,
  options: { header: string; fsync: boolean },
): Promise<SegmentFile> {
  const fd = await openFile(segmentPath(dir, segment), 'wx', 0o600)
  let committed = 0
  let dirty = false
  const add = async (lines: string): Promise<void> => {
    // A failed write may have left part of its lines: they were refused, so they must go before others come.
    if (dirty) await truncate(fd, committed)
    dirty = true
    const bytes = Buffer.from(lines)
    if (options.fsync) {
      await writeAt(fd, bytes, committed)
      await sync(fd)
    } else await writeToCache(fd, bytes, committed)
    dirty = false
    committed += bytes.length
  }
  try {
    await add(options.header)
    if (options.fsync) await syncFolder(dir)
  } catch (error) {
    await closeFile(fd)
    rmSync(segmentPath(dir, segment), { force: true })
    throw error
  }
  return { segment, committed: () => committed, add, close: () => closeFile(fd) }
}
