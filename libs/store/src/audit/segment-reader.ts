import { type FileHandle, open, rm } from 'node:fs/promises'
import { lineKind, segmentPath } from './segment.ts'
import type { SpoolPosition } from './spool-log.ts'

/** Lines of a spool, in order, and how to tell that they are dealt with. */
export interface Batch {
  readonly events: readonly string[]
  readonly identities: readonly string[]
  readonly values: readonly string[]
  readonly bytes: number
}

/** Reads a spool's segments from the oldest on. */
export interface SegmentReader {
  /** The next whole lines up to `limit`; undefined when there are none. The same again until `done`. */
  read(limit: SpoolPosition): Promise<Batch | undefined>
  /** The batch has been dealt with. */
  done(batch: Batch): void
  /** Bytes of the segments that were read to their end and deleted since the last call. */
  deleted(): number
  position(): SpoolPosition
  close(): Promise<void>
}

const chunkBytes = 1 << 20

function toBatch(bytes: Buffer): Batch {
  const lines = bytes.toString('utf8', 0, bytes.length - 1).split('\n')
  return {
    events: lines.filter((line) => lineKind(line) === 'event'),
    identities: lines.filter((line) => lineKind(line) === 'identity'),
    values: lines.filter((line) => lineKind(line) === 'value'),
    bytes: bytes.length,
  }
}

/** Reads from `from` on; segments are deleted when they have been dealt with, except the one `limit` is in. */
export function createSegmentReader(dir: string, from: SpoolPosition): SegmentReader {
  let { segment, offset } = from
  let file: FileHandle | undefined
  let deletedBytes = 0

  async function readChunk(end: number): Promise<Buffer> {
    file ??= await open(segmentPath(dir, segment), 'r')
    for (let size = chunkBytes; ; size *= 2) {
      const buffer = Buffer.allocUnsafe(Math.min(size, end - offset))
      const { bytesRead } = await file.read(buffer, 0, buffer.length, offset)
      const whole = buffer.lastIndexOf(10, bytesRead - 1) + 1
      if (whole > 0 || bytesRead < size) return buffer.subarray(0, whole)
    }
  }

  async function nextSegment(): Promise<void> {
    await file?.close()
    file = undefined
    await rm(segmentPath(dir, segment), { force: true })
    deletedBytes += offset
    segment += 1
    offset = 0
  }

  async function read(limit: SpoolPosition): Promise<Batch | undefined> {
    while (true) {
      const isLast = segment >= limit.segment
      const end = isLast ? limit.offset : await sizeOf()
      if (offset < end) {
        const bytes = await readChunk(end)
        if (bytes.length > 0) return toBatch(bytes)
        // What is left has no end of line: it was never acknowledged.
        offset = end
      }
      if (isLast) return undefined
      await nextSegment()
    }
  }

  async function sizeOf(): Promise<number> {
    try {
      file ??= await open(segmentPath(dir, segment), 'r')
      return (await file.stat()).size
    } catch (error) {
      // Dealt with and deleted by an earlier process that died before it could note so.
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 0
      throw error
    }
  }

  return {
    read,
    done(batch) {
      offset += batch.bytes
    },
    deleted() {
      const bytes = deletedBytes
      deletedBytes = 0
      return bytes
    },
    position: () => ({ segment, offset }),
    async close() {
      await file?.close()
      file = undefined
    },
  }
}
