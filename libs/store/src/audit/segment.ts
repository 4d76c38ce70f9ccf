import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Head, type Link } from '@gatehouse/audit'

/** First line of a segment: whose it is, and where each chain stood when it was begun. */
export interface SegmentHeader {
  readonly spool: 1
  readonly writer: string
  readonly segment: number
  readonly heads: readonly (readonly [org: string | null, seq: number, hash: string])[]
}

/** The heads of a writer's chains, by org. */
export type Heads = Map<string | null, Head>

const name = /^(\d{10})\.ndjson$/

/** Path of a segment. */
export function segmentPath(dir: string, segment: number): string {
  return join(dir, `${String(segment).padStart(10, '0')}.ndjson`)
}

/** Numbers of the segments in a spool directory, oldest first. */
export function listSegments(dir: string): number[] {
  return readdirSync(dir)
    .flatMap((file) => name.exec(file)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b)
}

/** The header line of a segment that begins at `heads`. */
export function headerLine(writer: string, segment: number, heads: Heads): string {
  const header: SegmentHeader = {
    spool: 1,
    writer,
    segment,
    heads: [...heads].map(([org, { seq, hash }]) => [org, seq, hash] as const),
  }
  return `${JSON.stringify(header)}\n`
}

/** An event's line. `text` is the event's canonical JSON and goes in as it was hashed. */
export function recordLine(org: string | null, link: Link, text: string): string {
  return `{"hash":"${link.hash}","org":${JSON.stringify(org)},"prev":"${link.prev}","seq":${link.seq},"event":${text}}\n`
}

/** What a line of a segment is, by how it begins. */
export function lineKind(line: string): 'event' | 'identity' | 'value' | 'header' | 'unknown' {
  if (line.startsWith('{"hash":')) return 'event'
  if (line.startsWith('{"identity":')) return 'identity'
  if (line.startsWith('{"value":')) return 'value'
  return line.startsWith('{"spool":1,') ? 'header' : 'unknown'
}
