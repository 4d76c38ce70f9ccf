import type { LeafRequest } from '../plan/model.ts'
import type { QueryData } from './decode.ts'
import type { Notes } from './notes.ts'
import type { Semantics } from './semantics.ts'

/** A shard's answer to a leaf request. */
export interface LeafAnswer {
  readonly data: QueryData
  readonly warnings: readonly string[]
  readonly infos: readonly string[]
}

/** What evaluation needs besides the node and its grid. */
export interface Context {
  readonly requests: readonly LeafRequest[]
  readonly answers: ReadonlyMap<number, LeafAnswer>
  /** How many leaves have yet to read each answer. */
  readonly readers: Map<number, number>
  readonly semantics: Semantics
  readonly notes: Notes
}
