import { hash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type AuditRecord, eventDigest, genesis, type Head, nextLink } from './chain.ts'
import { type ChainVerifier, createChainVerifier, type Finding, type SealedHead } from './chain-verifier.ts'
import { sampleEvent } from './sample.ts'
import type { TombstoneRun } from './tombstone.ts'

const sha256 = (text: string): string => hash('sha256', text)
const chain = { writer: 'gw-1', org: 'transport' }
const start = genesis(chain, sha256)

function build(count: number): AuditRecord[] {
  let head: Head = start
  return Array.from({ length: count }, (_, i) => {
    const event = sampleEvent(i + 1)
    const link = nextLink(head, eventDigest(event, sha256), sha256)
    head = link
    return { ...chain, ...link, event }
  })
}

const records = build(10)
function at(seq: number): AuditRecord {
  const record = records[seq - 1]
  if (record === undefined) throw new Error('no record')
  return record
}

interface Given {
  readonly seals?: readonly SealedHead[]
  readonly runs?: readonly TombstoneRun[]
  readonly from?: Head
}

function open({ seals = [], runs = [], from = start }: Given = {}): ChainVerifier {
  return createChainVerifier(chain, { sha256, from, runs, seals })
}

function follow(given: Given, list: readonly AuditRecord[]): Finding | undefined {
  const verifier = open(given)
  for (const record of list) {
    const finding = verifier.next(record)
    if (finding !== undefined) return finding
  }
  return verifier.end()
}

const seal = (seq: number, checkpoint: number): SealedHead => ({ seq, hash: at(seq).hash, checkpoint })
const run = (from: number, to: number): TombstoneRun => ({
  writer: 'gw-1',
  fromSeq: from,
  prev: at(from).prev,
  toSeq: to,
  hash: at(to).hash,
})
const without = (from: number, to: number): AuditRecord[] =>
  records.filter(({ seq }) => seq < from || seq > to)

describe('a chain verifier', () => {
  it('accepts a chain with its seals, from its beginning and from a seal', () => {
    expect(follow({ seals: [seal(3, 1), seal(10, 2)] }, records)).toBeUndefined()
    expect(follow({ from: at(3), seals: [seal(10, 2)] }, records.slice(3))).toBeUndefined()
  })

  it('names an event whose number is taken twice', () => {
    expect(follow({}, [at(1), at(2), at(2)])).toMatchObject({ fault: 'forked', seq: 2 })
  })

  it('names the events after the last good seal when history was rewritten with fitting hashes', () => {
    const forged = { ...seal(7, 2), hash: sha256('x') }
    expect(follow({ seals: [seal(3, 1), forged] }, records)).toMatchObject({ fault: 'rewritten', seq: 4 })
  })

  it('misses a tail that a checkpoint sealed, and a chain that is gone', () => {
    expect(follow({ seals: [seal(10, 1)] }, records.slice(0, 8))).toMatchObject({
      fault: 'truncated',
      seq: 9,
    })
    expect(follow({ seals: [seal(10, 1)] }, [])).toMatchObject({ fault: 'truncated', seq: 1 })
  })

  it.each([
    ['at the beginning', 1, 3],
    ['in the middle', 4, 6],
    ['at the end', 8, 10],
    ['all of it', 1, 10],
  ])('closes over purged events %s', (_, from, to) => {
    const given = { runs: [run(from, to)], seals: [seal(2, 1), seal(5, 2), seal(10, 3)] }
    expect(follow(given, without(from, to))).toBeUndefined()
    expect(follow({ ...given, runs: [] }, without(from, to))).toBeDefined()
  })

  it('closes over several stretches in a row', () => {
    expect(follow({ runs: [run(5, 6), run(3, 4)], seals: [seal(10, 1)] }, without(3, 6))).toBeUndefined()
  })

  it('does not take the tombstone of another history', () => {
    const other = { ...run(4, 6), prev: sha256('x') }
    expect(follow({ runs: [other] }, without(4, 6))).toMatchObject({ fault: 'broken link', seq: 4 })
    const end = { ...run(4, 6), hash: sha256('x') }
    expect(follow({ runs: [end] }, without(4, 6))).toMatchObject({ fault: 'broken link', seq: 7 })
  })

  it('says how far it came', () => {
    const verifier = open({ seals: [seal(3, 1)] })
    for (const record of records.slice(0, 5)) verifier.next(record)
    expect(verifier.head.seq).toBe(5)
    expect(verifier.sealed).toEqual(seal(3, 1))
  })
})
