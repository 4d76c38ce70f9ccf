import { copyFileSync, existsSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { type AuditRecord, checkLink, genesis } from '@gatehouse/audit'
import { z } from 'zod'
import { type Heads, lineKind, listSegments, segmentPath } from './segment.ts'
import { sha256 } from './sha256.ts'

const headerSchema = z.object({
  spool: z.literal(1),
  writer: z.string().min(1),
  segment: z.int(),
  heads: z.array(z.tuple([z.string().nullable(), z.int(), z.string()])),
})
const recordSchema = z.object({
  hash: z.string(),
  org: z.string().nullable(),
  prev: z.string(),
  seq: z.int(),
  event: z.unknown(),
})

/** What a spool held when it was opened. */
export interface Recovered {
  /** The writer its chains belong to; undefined in an empty spool. */
  readonly writer: string | undefined
  readonly heads: Heads
  /** Complete segments, oldest first. */
  readonly segments: readonly number[]
  /** Bytes of a last line that was never finished, and so never acknowledged; cut off. */
  readonly tornBytes: number
  /** Where a damaged segment was set aside, if one was. */
  readonly damaged: string | undefined
}

interface Scan {
  readonly writer: string
  readonly heads: Heads
  /** Bytes up to the end of the last good line. */
  readonly good: number
  /** Bytes up to the end of the last complete line. */
  readonly complete: number
}

function readLine(line: string, writer: string, heads: Heads): boolean {
  const kind = lineKind(line)
  if (kind !== 'event') return kind === 'identity' || kind === 'value'
  try {
    const record: AuditRecord = { writer, ...recordSchema.parse(JSON.parse(line)) }
    const head = heads.get(record.org) ?? genesis(record, sha256)
    if (checkLink(head, record, sha256) !== undefined) return false
    heads.set(record.org, { seq: record.seq, hash: record.hash })
    return true
  } catch {
    return false
  }
}

/** Follows the chains through a segment; undefined if even its header is not whole. */
function scan(bytes: Buffer): Scan | undefined {
  const headerEnd = bytes.indexOf(10)
  if (headerEnd < 0) return undefined
  let header: z.output<typeof headerSchema>
  try {
    header = headerSchema.parse(JSON.parse(bytes.toString('utf8', 0, headerEnd)))
  } catch {
    return undefined
  }
  const heads: Heads = new Map(header.heads.map(([org, seq, hash]) => [org, { seq, hash }]))
  const complete = bytes.lastIndexOf(10) + 1
  let good = headerEnd + 1
  while (good < complete) {
    const end = bytes.indexOf(10, good)
    if (!readLine(bytes.toString('utf8', good, end), header.writer, heads)) break
    good = end + 1
  }
  return { writer: header.writer, heads, good, complete }
}

function setAside(dir: string, segment: number): string {
  let path = join(dir, `damaged-${segment}.ndjson`)
  for (let n = 1; existsSync(path); n++) path = join(dir, `damaged-${segment}-${n}.ndjson`)
  copyFileSync(segmentPath(dir, segment), path)
  return path
}

/**
 * Opens a spool that a process may have left at any instruction (the caller holds its lock): cuts off a last line that
 * was never finished, checks the chains of the last segment and gives their heads. A complete line that does not fit
 * its chain is damage: the segment is set aside whole, and the chain goes on from the last good line.
 */
export function recoverSpool(dir: string): Recovered {
  const segments = listSegments(dir)
  while (true) {
    const last = segments.at(-1)
    if (last === undefined)
      return { writer: undefined, heads: new Map(), segments: [], tornBytes: 0, damaged: undefined }
    const path = segmentPath(dir, last)
    const found = scan(readFileSync(path))
    if (found === undefined) {
      // Its header was never finished: nothing in it was acknowledged.
      rmSync(path)
      segments.pop()
      continue
    }
    const damaged = found.good < found.complete ? setAside(dir, last) : undefined
    const tornBytes = statSync(path).size - found.complete
    if (damaged !== undefined || tornBytes > 0) truncateSync(path, found.good)
    return { writer: found.writer, heads: found.heads, segments, tornBytes, damaged }
  }
}
