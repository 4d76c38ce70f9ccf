import type { Sha256 } from './canonical.ts'

/** Hash of a leaf; its prefix keeps leaves, nodes, links and chains apart (RFC 6962 §2.1 in text form). */
export function merkleLeaf(text: string, sha256: Sha256): string {
  return sha256(`leaf:${text}`)
}

function split(count: number): number {
  let half = 1
  while (half * 2 < count) half *= 2
  return half
}

/** Root over leaf hashes, in the shape of RFC 6962 (the left part is the largest power of two below the count). */
export function merkleRoot(leaves: readonly string[], sha256: Sha256): string {
  if (leaves.length === 0) return sha256('empty:')
  const [only] = leaves
  if (leaves.length === 1 && only !== undefined) return only
  const half = split(leaves.length)
  const left = merkleRoot(leaves.slice(0, half), sha256)
  return sha256(`node:${left}:${merkleRoot(leaves.slice(half), sha256)}`)
}

/** One step from a leaf to the root: the sibling's hash and the side it stands on. */
export interface ProofStep {
  readonly side: 'left' | 'right'
  readonly hash: string
}

/** The steps that lead from leaf `index` to the root. */
export function merkleProof(leaves: readonly string[], index: number, sha256: Sha256): readonly ProofStep[] {
  if (leaves.length <= 1) return []
  const half = split(leaves.length)
  const left = leaves.slice(0, half)
  const right = leaves.slice(half)
  return index < half
    ? [...merkleProof(left, index, sha256), { side: 'right', hash: merkleRoot(right, sha256) }]
    : [...merkleProof(right, index - half, sha256), { side: 'left', hash: merkleRoot(left, sha256) }]
}

/** The root that a leaf and its steps lead to. */
export function merkleRootOf(leaf: string, steps: readonly ProofStep[], sha256: Sha256): string {
  return steps.reduce(
    (hash, step) => sha256(step.side === 'left' ? `node:${step.hash}:${hash}` : `node:${hash}:${step.hash}`),
    leaf,
  )
}
