import { z } from 'zod'
import { type AuditRecord, type ChainId, eventDigest, genesis, nextLink } from './chain.ts'
import { type ChainVerifier, createChainVerifier, type Finding, type SealedHead } from './chain-verifier.ts'
import { type ChainHead, isOrgProven } from './checkpoint.ts'
import { checkCheckpoint, checkSignature, type Trust } from './checkpoint-check.ts'
import { canonicalJson } from './canonical.ts'
import type { Manifest, Sealed } from './manifest.ts'
import { type PublicKey, trustedKeys } from './signing.ts'
import { identityRef, identitySchema } from './stored.ts'
import type { TombstoneRun } from './tombstone.ts'

/** Result of verifying an export. */
export interface ExportReport {
  /** Empty if everything holds. The first of a chain is its first bad event. */
  readonly findings: readonly Finding[]
  readonly events: number
  readonly chains: number
  /** False if the export was filtered: then only what it holds is proven, not what it leaves out. */
  readonly isComplete: boolean
}

/** Verifies an export line by line. */
export interface ExportVerifier {
  line(text: string): void
  /** To be called after the last line, with the file's size and SHA-256. */
  end(file: { readonly bytes: number; readonly sha256: string }): ExportReport
}

const recordSchema = z.strictObject({
  writer: z.string(),
  org: z.string().nullable(),
  seq: z.int().min(1),
  prev: z.string(),
  hash: z.string(),
  event: z.unknown(),
})
const identityLineSchema = z.strictObject({ identity: identitySchema })

const keyOf = ({ writer, org }: ChainId): string => JSON.stringify([writer, org])

function headsOf({ proofs }: Sealed): ReadonlyMap<string, ChainHead> {
  return new Map(proofs.flatMap(({ heads }) => heads).map((head) => [keyOf(head), head]))
}

/** Checks a checkpoint and that it proves the chains of every org of the export. */
function checkSealed(
  { checkpoint, proofs }: Sealed,
  { scope }: Manifest['statement'],
  trust: Trust,
): Finding[] {
  const { statement } = checkpoint
  const broken = checkCheckpoint(checkpoint, trust)
  if (broken !== undefined) return [broken]
  const unproven = (message: string): Finding[] => [
    { fault: 'checkpoint', message: `checkpoint ${statement.number} ${message}` },
  ]
  const orgs = new Set(proofs.map(({ org }) => org))
  if (orgs.size !== proofs.length) return unproven('is given two proofs of one org')
  if (scope === 'all' ? orgs.size !== statement.orgs : proofs.some(({ org }) => org !== scope.org))
    return unproven('is not given the proofs of this export’s orgs')
  const wrong = proofs.find((proof) => !isOrgProven(statement, proof, trust.sha256))
  return wrong === undefined ? [] : unproven(`does not have the chains given for ${wrong.org ?? 'no org'}`)
}

function checkManifest(manifest: Manifest, trust: Trust): Finding[] {
  const { statement, start, seals } = manifest
  const bad = (message: string): Finding => ({ fault: 'manifest', message: `the manifest ${message}` })
  const problem = checkSignature(manifest, statement.upTo, trust)
  if (problem !== undefined) return [{ fault: 'signature', message: `the manifest ${problem}` }]
  const numbers = seals.map(({ checkpoint }) => checkpoint.statement.number)
  if ((start?.checkpoint.statement.number ?? 0) !== statement.after || numbers.at(-1) !== statement.upTo)
    return [bad('names other checkpoints than it holds')]
  if (numbers.some((number, i) => number <= (numbers[i - 1] ?? statement.after)))
    return [bad('holds checkpoints out of order')]
  const tombstones = manifest.tombstones.flatMap((tombstone): Finding[] => {
    const fault = checkSignature(tombstone, tombstone.statement.checkpoint, trust)
    return fault === undefined ? [] : [{ fault: 'signature', message: `a tombstone ${fault}` }]
  })
  const sealed = [...(start === null ? [] : [start]), ...seals]
  return [...tombstones, ...sealed.flatMap((one) => checkSealed(one, statement, trust))]
}

class Verifier implements ExportVerifier {
  readonly #manifest: Manifest
  readonly #trust: Trust
  readonly #isComplete: boolean
  readonly #chains = new Map<string, ChainVerifier>()
  readonly #broken = new Set<string>()
  readonly #findings: Finding[]
  #events = 0
  #lines = 0
  #firstHash: string | null = null
  #lastHash: string | null = null

  constructor(manifest: Manifest, trust: Trust) {
    this.#manifest = manifest
    this.#trust = trust
    this.#isComplete = manifest.statement.filter === null
    this.#findings = checkManifest(manifest, trust)
    // Without trust in the checkpoints, chains are still followed: to name the first bad event.
    if (this.#isComplete) this.#openChains()
  }

  line(text: string): void {
    this.#lines += 1
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      this.#note({ fault: 'edited', message: `line ${this.#lines} is not JSON` })
      return
    }
    const record = recordSchema.safeParse(value)
    if (record.success) this.#record({ ...record.data, event: record.data.event })
    else this.#identity(value)
  }

  end(file: { readonly bytes: number; readonly sha256: string }): ExportReport {
    for (const [key, chain] of this.#chains) if (!this.#broken.has(key)) this.#note(chain.end())
    const { statement } = this.#manifest
    const bad = (message: string): void => this.#note({ fault: 'manifest', message })
    if (this.#events !== statement.events)
      bad(`the manifest counts ${statement.events} events, the export has ${this.#events}`)
    if (this.#firstHash !== statement.firstHash) bad('the first event is not the manifest’s')
    if (this.#lastHash !== statement.lastHash) bad('the last event is not the manifest’s')
    if (file.sha256 !== statement.sha256 || file.bytes !== statement.bytes)
      bad('the file is not the one that the manifest signs')
    return {
      findings: this.#findings,
      events: this.#events,
      chains: this.#chains.size,
      isComplete: this.#isComplete,
    }
  }

  #openChains(): void {
    const { start, seals, tombstones } = this.#manifest
    const from = start === null ? new Map<string, ChainHead>() : headsOf(start)
    const sealed = new Map<string, SealedHead[]>()
    const chains = new Map<string, ChainHead>()
    for (const seal of seals)
      for (const [key, head] of headsOf(seal)) {
        chains.set(key, head)
        const heads = sealed.get(key) ?? []
        if ((heads.at(-1)?.seq ?? from.get(key)?.seq ?? 0) < head.seq)
          heads.push({ seq: head.seq, hash: head.hash, checkpoint: seal.checkpoint.statement.number })
        sealed.set(key, heads)
      }
    for (const [key, chain] of chains) {
      const options = {
        sha256: this.#trust.sha256,
        from: from.get(key) ?? genesis(chain, this.#trust.sha256),
        runs: runsOf(chain, tombstones),
        seals: sealed.get(key) ?? [],
      }
      this.#chains.set(key, createChainVerifier(chain, options))
    }
  }

  #record(record: AuditRecord): void {
    this.#events += 1
    this.#firstHash ??= record.hash
    this.#lastHash = record.hash
    if (!this.#isComplete) {
      this.#note(checkAlone(record, this.#trust))
      return
    }
    const key = keyOf(record)
    const chain = this.#chains.get(key)
    if (chain === undefined) {
      if (!this.#broken.has(key)) this.#note(unknownChain(record))
      this.#broken.add(key)
    } else if (!this.#broken.has(key)) {
      const finding = chain.next(record) ?? beyondEnd(record, this.#manifest)
      if (finding !== undefined) this.#broken.add(key)
      this.#note(finding)
    }
  }

  #identity(value: unknown): void {
    const line = identityLineSchema.safeParse(value)
    if (!line.success) {
      this.#note({ fault: 'edited', message: `line ${this.#lines} is neither an event nor an identity` })
      return
    }
    const { ref, ...identity } = line.data.identity
    if (identityRef(identity, this.#trust.sha256) !== ref)
      this.#note({ fault: 'identity', message: `the identity of ${ref} (line ${this.#lines}) was exchanged` })
  }

  #note(finding: Finding | undefined): void {
    if (finding !== undefined) this.#findings.push(finding)
  }
}

function runsOf({ writer, org }: ChainId, tombstones: Manifest['tombstones']): TombstoneRun[] {
  return tombstones
    .filter(({ statement }) => statement.org === org)
    .flatMap(({ statement }) => statement.runs)
    .filter((run) => run.writer === writer)
}

function unknownChain({ writer, org, seq, event }: AuditRecord): Finding {
  const message = `no checkpoint of this export knows a chain of writer ${writer}`
  return { fault: 'forked', message, writer, org, seq, id: idOf(event) }
}

function idOf(event: unknown): string | undefined {
  return typeof event === 'object' && event !== null && 'id' in event && typeof event.id === 'string'
    ? event.id
    : undefined
}

/** An event after the last sealed one does not belong into an export that ends there. */
function beyondEnd(record: AuditRecord, { seals }: Manifest): Finding | undefined {
  const last = seals.at(-1)
  const end = last === undefined ? undefined : headsOf(last).get(keyOf(record))
  if (end === undefined || record.seq <= end.seq) return undefined
  const { writer, org, seq, event } = record
  const message = `event ${seq} comes after event ${end.seq}, the last that the export's checkpoint sealed`
  return { fault: 'forked', message, writer, org, seq, id: idOf(event) }
}

/** What can be said of an event without its neighbours: that it is the one its hash was made of. */
function checkAlone(record: AuditRecord, { sha256 }: Trust): Finding | undefined {
  const link = nextLink({ seq: record.seq - 1, hash: record.prev }, eventDigest(record.event, sha256), sha256)
  if (link.hash === record.hash) return undefined
  const { writer, org, seq } = record
  return {
    fault: 'edited',
    message: `event ${seq} is not the one that was hashed`,
    writer,
    org,
    seq,
    id: idOf(record.event),
  }
}

/**
 * Starts verifying an export with nothing but its manifest and public keys that are trusted.
 * @param trust how to hash and to check signatures
 */
export function createExportVerifier(
  manifest: Manifest,
  publicKeys: readonly PublicKey[],
  { sha256, verify }: Pick<Trust, 'sha256' | 'verify'>,
): ExportVerifier {
  const keys = trustedKeys(publicKeys, manifest.rotations, verify)
  return new Verifier(manifest, { sha256, verify, keys })
}

/** One line of an export. */
export function exportLine(record: AuditRecord): string {
  const { writer, org, seq, prev, hash, event } = record
  return canonicalJson({ event, hash, org, prev, seq, writer })
}
