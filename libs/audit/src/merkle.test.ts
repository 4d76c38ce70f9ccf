import { hash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { merkleLeaf, merkleProof, merkleRoot, merkleRootOf } from './merkle.ts'

const sha256 = (text: string): string => hash('sha256', text)
const leaves = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => merkleLeaf(`chain ${i}`, sha256))

describe('a Merkle tree', () => {
  it('has the shape of RFC 6962', () => {
    const [a = '', b = '', c = ''] = leaves(3)
    const left = sha256(`node:${a}:${b}`)
    expect(merkleRoot([a, b, c], sha256)).toBe(sha256(`node:${left}:${c}`))
    expect(merkleRoot([a], sha256)).toBe(a)
    expect(merkleRoot([], sha256)).toBe(sha256('empty:'))
  })

  it('proves every leaf of every size, and no other leaf', () => {
    for (let size = 1; size <= 20; size++) {
      const all = leaves(size)
      const root = merkleRoot(all, sha256)
      for (const [index, leaf] of all.entries()) {
        const proof = merkleProof(all, index, sha256)
        expect(merkleRootOf(leaf, proof, sha256)).toBe(root)
        expect(merkleRootOf(merkleLeaf('other', sha256), proof, sha256)).not.toBe(root)
      }
    }
  })
})
