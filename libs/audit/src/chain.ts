import { canonicalJson, type Sha256 } from './canonical.ts'

/** Which chain a record belongs to: every writer keeps one chain per org (`null`: events of no org). */
export interface ChainId {
  readonly writer: string
  readonly org: string | null
}

/** The end of a chain so far: the sequence number and hash of its last event; `seq` 0 before the first. */
export interface Head {
  readonly seq: number
  readonly hash: string
}

/** One link: an event's place in its chain. */
export interface Link extends Head {
  readonly prev: string
}

/** An event as spooled, stored and exported: its chain, its link and the event itself. */
export interface AuditRecord extends ChainId, Link {
  readonly event: unknown
}

/** Head of a chain without events. It names the chain, so one chain's events cannot stand in for another's. */
export function genesis(chain: ChainId, sha256: Sha256): Head {
  return { seq: 0, hash: sha256(`chain:${canonicalJson({ org: chain.org, writer: chain.writer })}`) }
}

/** Digest of one event: SHA-256 of its canonical JSON. */
export function eventDigest(event: unknown, sha256: Sha256): string {
  return sha256(canonicalJson(event))
}

/** The next link: `hash = SHA-256("link:" seq ":" prev ":" digest)`, all in lower-case hex and decimal. */
export function nextLink(head: Head, digest: string, sha256: Sha256): Link {
  const seq = head.seq + 1
  return { seq, prev: head.hash, hash: sha256(`link:${seq}:${head.hash}:${digest}`) }
}

/** Why a record does not continue its chain. */
export type ChainFault = 'edited' | 'missing' | 'out of order' | 'broken link'

/** A chain's first bad record. */
export interface ChainFinding extends ChainId {
  readonly fault: ChainFault
  readonly seq: number
  /** The bad event's id, where there is one. */
  readonly id: string | undefined
  readonly message: string
}

function eventId(event: unknown): string | undefined {
  if (typeof event !== 'object' || event === null || !('id' in event)) return undefined
  return typeof event.id === 'string' ? event.id : undefined
}

/** Checks that `record` follows `head`; undefined if it does. */
export function checkLink(head: Head, record: AuditRecord, sha256: Sha256): ChainFinding | undefined {
  const finding = (fault: ChainFault, message: string): ChainFinding => ({
    fault,
    writer: record.writer,
    org: record.org,
    seq: fault === 'missing' ? head.seq + 1 : record.seq,
    id: fault === 'missing' ? undefined : eventId(record.event),
    message,
  })
  if (record.seq > head.seq + 1)
    return finding('missing', `events ${head.seq + 1} to ${record.seq - 1} are missing`)
  if (record.seq <= head.seq) return finding('out of order', `event ${record.seq} comes after ${head.seq}`)
  if (record.prev !== head.hash)
    return finding('broken link', `event ${record.seq} does not continue event ${head.seq}`)
  const expected = nextLink(head, eventDigest(record.event, sha256), sha256)
  if (record.hash !== expected.hash)
    return finding('edited', `event ${record.seq} is not the one that was hashed`)
  return undefined
}

/** Outcome of {@link verifyChain}: the head reached, and the first fault if there is one. */
export interface ChainResult {
  readonly head: Head
  readonly finding: ChainFinding | undefined
}

/**
 * Follows one chain from `from` (default: its genesis) and stops at the first bad record. A chain cut at its end still
 * verifies here: only a signed checkpoint or manifest can tell that its tail is missing.
 */
export function verifyChain(
  chain: ChainId,
  records: Iterable<AuditRecord>,
  options: { sha256: Sha256; from?: Head },
): ChainResult {
  let head = options.from ?? genesis(chain, options.sha256)
  for (const record of records) {
    const finding = checkLink(head, record, options.sha256)
    if (finding !== undefined) return { head, finding }
    head = { seq: record.seq, hash: record.hash }
  }
  return { head, finding: undefined }
}
