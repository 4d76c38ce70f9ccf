import { hash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type AuditRecord, eventDigest, genesis, nextLink, verifyChain } from './chain.ts'
import { sampleEvent } from './sample.ts'

const sha256 = (text: string): string => hash('sha256', text)

const chain = { writer: 'gw-1', org: 'transport' }

function build(count: number): AuditRecord[] {
  let head = genesis(chain, sha256)
  return Array.from({ length: count }, (_, i) => {
    const event = sampleEvent(i + 1)
    const link = nextLink(head, eventDigest(event, sha256), sha256)
    head = link
    return { ...chain, ...link, event }
  })
}

const good = build(5)
const at = (i: number): AuditRecord => {
  const record = good[i]
  if (record === undefined) throw new Error('no record')
  return record
}
const edited = (i: number): AuditRecord => ({ ...at(i), event: sampleEvent(i + 1, { action: 'other' }) })

describe('verifyChain', () => {
  it('accepts a whole chain and one taken up in its middle', () => {
    expect(verifyChain(chain, good, { sha256 })).toEqual({
      head: { seq: 5, hash: at(4).hash },
      finding: undefined,
    })
    expect(verifyChain(chain, good.slice(2), { sha256, from: at(1) }).finding).toBeUndefined()
  })

  it('can be checked with nothing but a SHA-256 tool', () => {
    const start = sha256('chain:{"org":"transport","writer":"gw-1"}')
    expect(at(0).prev).toBe(start)
    expect(at(0).hash).toBe(sha256(`link:1:${start}:${eventDigest(at(0).event, sha256)}`))
  })

  it.each<[string, AuditRecord[], string, number]>([
    ['an edited event', [at(0), edited(1), at(2)], 'edited', 2],
    ['an edited hash', [at(0), { ...at(1), hash: sha256('x') }], 'edited', 2],
    ['a deleted event', [at(0), at(2), at(3)], 'missing', 2],
    ['a deleted first event', good.slice(1), 'missing', 1],
    ['two exchanged events', [at(0), at(2), at(1)], 'missing', 2],
    ['exchanged events with exchanged numbers', [at(0), { ...at(2), seq: 2 }], 'broken link', 2],
    ['a repeated event', [at(0), at(0)], 'out of order', 1],
    ['an inserted event', [at(0), { ...at(0), seq: 2 }], 'broken link', 2],
    ['the events of another chain', build(2).map((r) => ({ ...r, org: 'health' })), 'broken link', 1],
  ])('names %s', (_, records, fault, seq) => {
    const id = records[0]?.org === 'health' ? { writer: 'gw-1', org: 'health' } : chain
    expect(verifyChain(id, records, { sha256 }).finding).toMatchObject({ fault, seq })
  })
})
