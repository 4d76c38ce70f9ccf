import { hash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { rotateKey, type Signer, trustedKeys } from './signing.ts'

// The rule of trust is what is tested here: a signature is the key's name over the text.
const signer = (id: string): Signer => ({ id, publicKey: id, sign: (text) => hash('sha256', id + text) })
const verify = (key: string, text: string, signature: string): boolean =>
  signature === hash('sha256', key + text)

const [a, b, c, mallory] = ['a', 'b', 'c', 'mallory'].map(signer)
if (a === undefined || b === undefined || c === undefined || mallory === undefined) throw new Error('no keys')
const history = [rotateKey(a, b, 5, 't1'), rotateKey(b, c, 9, 't2')]
const spans = (keys: ReturnType<typeof trustedKeys>): unknown =>
  [...keys.values()].sort((x, y) => x.id.localeCompare(y.id)).map(({ id, after, upTo }) => [id, after, upTo])

describe('trusted keys', () => {
  it.each([[a], [b], [c]])('follow the changes of key from any of them, each for its time', (given) => {
    expect(spans(trustedKeys([given], history, verify))).toEqual([
      ['a', -1, 5],
      ['b', 5, 9],
      ['c', 9, Number.POSITIVE_INFINITY],
    ])
  })

  it('are not led by a change that one side did not sign', () => {
    const change = rotateKey(mallory, a, 3, 't')
    const intoPast = { ...change, toSignature: mallory.sign('x') }
    expect(spans(trustedKeys([a], [intoPast], verify))).toEqual([['a', -1, Number.POSITIVE_INFINITY]])
    const intoFuture = { ...rotateKey(a, mallory, 3, 't'), fromSignature: mallory.sign('x') }
    expect(spans(trustedKeys([a], [intoFuture], verify))).toEqual([['a', -1, Number.POSITIVE_INFINITY]])
  })

  it.each([
    ['first', (own: typeof history, stolen: (typeof history)[number]) => [stolen, ...own]],
    ['last', (own: typeof history, stolen: (typeof history)[number]) => [...own, stolen]],
  ])('end when their holder changed them, whatever a thief of one signs %s', (_name, mixed) => {
    for (const number of [2, 7, 1_000_000]) {
      const rotations = mixed(history, rotateKey(a, mallory, number, 't'))
      expect(spans(trustedKeys([c], rotations, verify))).toEqual([
        ['a', -1, 5],
        ['b', 5, 9],
        ['c', 9, Number.POSITIVE_INFINITY],
      ])
      expect(spans(trustedKeys([a], rotations, verify))).toEqual([['a', -1, Math.min(5, number)]])
      expect(trustedKeys([a, c], rotations, verify).has('mallory')).toBe(false)
    }
  })

  it('are found in a ring of changes, too', () => {
    const ring = [...history, rotateKey(c, a, 12, 't3')]
    expect([...trustedKeys([b], ring, verify).keys()].toSorted()).toEqual(['a', 'b', 'c'])
  })

  it('do not include what nobody vouches for', () => {
    expect([...trustedKeys([mallory], history, verify).keys()]).toEqual(['mallory'])
  })
})
