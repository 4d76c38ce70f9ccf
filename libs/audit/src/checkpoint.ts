import { z } from 'zod'
import { canonicalJson, type Sha256 } from './canonical.ts'
import type { ChainId, Head } from './chain.ts'
import { merkleLeaf, merkleProof, merkleRoot, merkleRootOf, type ProofStep } from './merkle.ts'
import { type Signed, type Signer, signStatement, statementParts } from './signing.ts'

const { hex, time } = statementParts

/** What a checkpoint says: every chain's head at a moment, as one root. */
export const checkpointSchema = z.strictObject({
  statement: z.strictObject({
    schema: z.literal(1),
    kind: z.literal('gatehouse-audit-checkpoint'),
    /** Counts from 1 without gaps. */
    number: z.int().min(1),
    at: time,
    /** SHA-256 of the canonical JSON of the checkpoint before; of the empty text for the first. */
    prev: hex,
    chains: z.int().min(0),
    orgs: z.int().min(0),
    root: hex,
    key: z.string(),
  }),
  signature: z.string(),
})

/** A signed checkpoint. */
export type Checkpoint = z.output<typeof checkpointSchema>
export type CheckpointStatement = Checkpoint['statement']

/** The end of one chain. */
export interface ChainHead extends ChainId, Head {}

/** SHA-256 that the next checkpoint names. */
export function checkpointHash(statement: CheckpointStatement | undefined, sha256: Sha256): string {
  return sha256(statement === undefined ? '' : canonicalJson(statement))
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Leaf of one chain's head, and root over an org's chains: one org's auditor can be shown them whole, and no other's. */
export function orgRoot(heads: readonly ChainHead[], sha256: Sha256): string {
  const sorted = [...heads].sort((a, b) => byText(a.writer, b.writer))
  const leaves = sorted.map(({ writer, org, seq, hash }) =>
    merkleLeaf(canonicalJson({ hash, org, seq, writer }), sha256),
  )
  return merkleRoot(leaves, sha256)
}

interface OrgLeaf {
  readonly org: string | null
  readonly leaf: string
}

function orgLeaves(heads: readonly ChainHead[], sha256: Sha256): readonly OrgLeaf[] {
  const byOrg = new Map<string | null, ChainHead[]>()
  for (const head of heads) {
    const chains = byOrg.get(head.org)
    if (chains === undefined) byOrg.set(head.org, [head])
    else chains.push(head)
  }
  return [...byOrg]
    .sort(([a], [b]) => byText(a ?? '', b ?? ''))
    .map(([org, chains]) => ({ org, leaf: orgLeaf(org, orgRoot(chains, sha256), sha256) }))
}

function orgLeaf(org: string | null, root: string, sha256: Sha256): string {
  return merkleLeaf(canonicalJson({ org, root }), sha256)
}

/** Root over all chains of all orgs. */
export function headsRoot(heads: readonly ChainHead[], sha256: Sha256): string {
  return merkleRoot(
    orgLeaves(heads, sha256).map(({ leaf }) => leaf),
    sha256,
  )
}

/** That an org's chains had these heads at a checkpoint, and that it had no others. */
export interface OrgProof {
  readonly org: string | null
  readonly heads: readonly ChainHead[]
  readonly steps: readonly ProofStep[]
}

/** Proof of one org's chains; undefined if it had none yet. */
export function proveOrg(
  heads: readonly ChainHead[],
  org: string | null,
  sha256: Sha256,
): OrgProof | undefined {
  const leaves = orgLeaves(heads, sha256)
  const index = leaves.findIndex((leaf) => leaf.org === org)
  if (index < 0) return undefined
  const steps = merkleProof(
    leaves.map(({ leaf }) => leaf),
    index,
    sha256,
  )
  return { org, heads: heads.filter((head) => head.org === org), steps }
}

/** Whether a proof leads to the checkpoint's root. */
export function isOrgProven(statement: CheckpointStatement, proof: OrgProof, sha256: Sha256): boolean {
  const { org, heads, steps } = proof
  if (heads.some((head) => head.org !== org)) return false
  return merkleRootOf(orgLeaf(org, orgRoot(heads, sha256), sha256), steps, sha256) === statement.root
}

/** Makes and signs the checkpoint after `previous`. */
export function sealCheckpoint(
  previous: CheckpointStatement | undefined,
  heads: readonly ChainHead[],
  options: { readonly at: string; readonly signer: Signer; readonly sha256: Sha256 },
): Signed<CheckpointStatement> {
  const { at, signer, sha256 } = options
  const statement: CheckpointStatement = {
    schema: 1,
    kind: 'gatehouse-audit-checkpoint',
    number: (previous?.number ?? 0) + 1,
    at,
    prev: checkpointHash(previous, sha256),
    chains: heads.length,
    orgs: new Set(heads.map(({ org }) => org)).size,
    root: headsRoot(heads, sha256),
    key: signer.id,
  }
  return signStatement(statement, signer)
}
