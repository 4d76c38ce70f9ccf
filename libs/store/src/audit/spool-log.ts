import { genesis, type Head, nextLink } from '@gatehouse/audit'
import type { Companion } from './companion.ts'
import { type Heads, headerLine, recordLine } from './segment.ts'
import { createSegment, type SegmentFile } from './segment-file.ts'
import { sha256 } from './sha256.ts'

/** One event to be chained and written. */
export interface Entry {
  readonly org: string | null
  /** Canonical JSON. */
  readonly text: string
  /** What the event refers to: its actor's identity, sealed label values. */
  readonly companions: readonly Companion[]
}

/** How far a spool has been written: bytes of its newest segment. */
export interface SpoolPosition {
  readonly segment: number
  readonly offset: number
}

/** The chained, segmented file of one writer; one `add` at a time. */
export interface SpoolLog {
  /** Chains and writes the entries; after a failure none of them has a place in any chain. */
  add(entries: readonly Entry[]): Promise<void>
  bytesWritten(): number
  position(): SpoolPosition
  close(): Promise<void>
}

interface LogOptions {
  readonly writer: string
  readonly heads: Heads
  readonly firstSegment: number
  readonly segmentBytes: number
  readonly fsync: boolean
}

interface Chained {
  readonly lines: string
  readonly heads: Heads
  readonly written: ReadonlySet<Companion>
}

function chain(entries: readonly Entry[], { writer, heads }: LogOptions): Chained {
  const next = new Map<string | null, Head>()
  const written = new Set<Companion>()
  let lines = ''
  for (const { org, text, companions } of entries) {
    for (const companion of companions) {
      if (companion.isWritten || written.has(companion)) continue
      lines += `${companion.line}\n`
      written.add(companion)
    }
    const head = next.get(org) ?? heads.get(org) ?? genesis({ writer, org }, sha256)
    const link = nextLink(head, sha256(text), sha256)
    next.set(org, { seq: link.seq, hash: link.hash })
    lines += recordLine(org, link, text)
  }
  return { lines, heads: next, written }
}

/** Begins a new segment after what was recovered. */
export async function createSpoolLog(dir: string, options: LogOptions): Promise<SpoolLog> {
  const { heads, segmentBytes, fsync, writer } = options
  let bytesWritten = 0

  async function begin(segment: number): Promise<SegmentFile> {
    const file = await createSegment(dir, segment, { header: headerLine(writer, segment, heads), fsync })
    bytesWritten += file.committed()
    return file
  }

  let file = await begin(options.firstSegment)

  async function rotate(): Promise<void> {
    const full = file
    file = await begin(full.segment + 1)
    await full.close()
  }

  return {
    async add(entries) {
      if (file.committed() >= segmentBytes) await rotate()
      const chained = chain(entries, options)
      const before = file.committed()
      await file.add(chained.lines)
      bytesWritten += file.committed() - before
      for (const [org, head] of chained.heads) heads.set(org, head)
      for (const companion of chained.written) companion.isWritten = true
    },
    bytesWritten: () => bytesWritten,
    position: () => ({ segment: file.segment, offset: file.committed() }),
    close: () => file.close(),
  }
}
