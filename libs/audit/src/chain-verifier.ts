import type { Sha256 } from './canonical.ts'
import { type AuditRecord, type ChainId, checkLink, type Head } from './chain.ts'
import type { TombstoneRun } from './tombstone.ts'

/** What can be wrong with an audit log. */
export type Fault =
  | 'edited'
  | 'missing'
  | 'out of order'
  | 'broken link'
  | 'forked'
  | 'rewritten'
  | 'truncated'
  | 'identity'
  | 'signature'
  | 'checkpoint'
  | 'manifest'
  | 'anchor'

/** One fault; for events, the first bad one of its chain. */
export interface Finding {
  readonly fault: Fault
  readonly message: string
  readonly writer?: string | undefined
  readonly org?: string | null | undefined
  readonly seq?: number | undefined
  /** The bad event's id, where there is one. */
  readonly id?: string | undefined
}

/** A head that a checkpoint sealed. */
export interface SealedHead extends Head {
  readonly checkpoint: number
}

/** Follows one chain, record by record. */
export interface ChainVerifier {
  /** Checks the next record; undefined if it is sound. After a finding the chain is not followed further. */
  next(record: AuditRecord): Finding | undefined
  /** To be called after the last record. */
  end(): Finding | undefined
  readonly head: Head
  /** Last sealed event that was reached. */
  readonly sealed: SealedHead | undefined
}

interface ChainVerifierOptions {
  readonly sha256: Sha256
  readonly from: Head
  /** Purged stretches of this chain. */
  readonly runs: readonly TombstoneRun[]
  /** Heads sealed after `from`, by rising `seq`. */
  readonly seals: readonly SealedHead[]
}

class Verifier implements ChainVerifier {
  readonly #chain: ChainId
  readonly #sha256: Sha256
  readonly #runs: ReadonlyMap<number, TombstoneRun>
  readonly #seals: readonly SealedHead[]
  #nextSeal = 0
  head: Head
  sealed: SealedHead | undefined

  constructor(chain: ChainId, { sha256, from, runs, seals }: ChainVerifierOptions) {
    this.#chain = chain
    this.#sha256 = sha256
    this.#runs = new Map(runs.map((run) => [run.fromSeq, run]))
    this.#seals = seals
    this.head = from
    this.#checkSeals()
  }

  next(record: AuditRecord): Finding | undefined {
    const purged = this.#skipPurged(record.seq)
    if (purged !== undefined) return purged
    if (record.seq === this.head.seq)
      return this.#finding('forked', record.seq, `two different events claim number ${record.seq}`)
    const broken = checkLink(this.head, record, this.#sha256)
    if (broken !== undefined) return broken
    this.head = { seq: record.seq, hash: record.hash }
    return this.#checkSeals()
  }

  end(): Finding | undefined {
    const purged = this.#skipPurged(Number.POSITIVE_INFINITY)
    if (purged !== undefined) return purged
    const last = this.#seals.at(-1)
    if (last === undefined || last.seq <= this.head.seq) return undefined
    const span = `events ${this.head.seq + 1} to ${last.seq} are missing at the end`
    return this.#finding('truncated', this.head.seq + 1, `${span}: checkpoint ${last.checkpoint} sealed them`)
  }

  #skipPurged(before: number): Finding | undefined {
    while (this.head.seq + 1 < before) {
      const run = this.#runs.get(this.head.seq + 1)
      if (run === undefined) return undefined
      if (run.prev !== this.head.hash)
        return this.#finding(
          'broken link',
          run.fromSeq,
          `the tombstone of events ${run.fromSeq} to ${run.toSeq} does not continue the chain`,
        )
      this.head = { seq: run.toSeq, hash: run.hash }
      const broken = this.#checkSeals()
      if (broken !== undefined) return broken
    }
    return undefined
  }

  /** Compares with the checkpoints up to here. One inside a purged stretch is covered by the tombstone's own signature. */
  #checkSeals(): Finding | undefined {
    for (let seal = this.#seals[this.#nextSeal]; seal !== undefined; seal = this.#seals[this.#nextSeal]) {
      if (seal.seq > this.head.seq) return undefined
      if (seal.seq === this.head.seq && seal.hash !== this.head.hash) {
        const first = (this.sealed?.seq ?? 0) + 1
        const what = `events ${first} to ${seal.seq} are not those that checkpoint ${seal.checkpoint} sealed`
        return this.#finding('rewritten', first, what)
      }
      this.sealed = seal
      this.#nextSeal += 1
    }
    return undefined
  }

  #finding(fault: Fault, seq: number, message: string): Finding {
    return { fault, seq, message, writer: this.#chain.writer, org: this.#chain.org, id: undefined }
  }
}

/** Starts following a chain from a head that is trusted (its genesis, or one that a checkpoint sealed). */
export function createChainVerifier(chain: ChainId, options: ChainVerifierOptions): ChainVerifier {
  return new Verifier(chain, options)
}
