import { describe, expect, it } from 'vitest'
import { decodeComponent, decodeForm } from './decode.ts'

describe('decodeComponent', () => {
  it.each([
    ['up', 'up'],
    ['u%70', 'up'],
    ['a+b', 'a b'],
    ['a%2Bb', 'a+b'],
    ['%C3%A9', 'é'],
    ['Ã©', 'é'],
    ['match%5B%5D', 'match[]'],
    ['%EF%BB%BFup', '\ufeffup'],
    ['%0d%0a', '\r\n'],
    ['a;b', 'a;b'],
  ])('%s', (text, decoded) => expect(decodeComponent(text)).toBe(decoded))

  it.each(['up%', 'up%7', '%zz', '%-1', '%+1', '%ff%fe', '%c0%80', '%ed%a0%80', '%00', '\0', 'ÿ', 'Ā'])(
    'refuses %j',
    (text) => expect(() => decodeComponent(text)).toThrow(expect.objectContaining({ code: 'bad_data' })),
  )
})

describe('decodeForm', () => {
  it('keeps order, repeats and odd names', () => {
    expect(decodeForm('a=1&&b&a=2&c==&=d&up;query=x&__proto__=1')).toEqual([
      ['a', '1'],
      ['b', ''],
      ['a', '2'],
      ['c', '='],
      ['', 'd'],
      ['up;query', 'x'],
      ['__proto__', '1'],
    ])
  })

  it('drops no pair however many there are', () => {
    const pairs = decodeForm(`${'a=1&'.repeat(5_000)}query=secret`)
    expect(pairs).toHaveLength(5_001)
    expect(pairs.at(-1)).toEqual(['query', 'secret'])
  })
})
