import { describe, expect, it } from 'vitest'
import { checkText } from './refuse-malformed.ts'

describe('what no store can keep', () => {
  it.each([
    ['a NUL character', 'a\0b', 'the body holds a NUL character'],
    ['half of a character', '\udc00a', 'the body holds half of a character (a lone surrogate)'],
  ])('is refused wherever it is: %s', (_what, text, message) => {
    let deep: unknown = text
    for (let i = 0; i < 100_000; i += 1) deep = [deep]
    for (const value of [text, { a: [{ b: text }] }, { [text]: 1 }, deep])
      expect(() => checkText('body', value)).toThrow(message)
  })

  it('lets everything else pass', () => {
    for (const value of [undefined, null, 1, true, '', 'ä😀\u0001', { a: [{ b: 'c' }] }])
      expect(() => checkText('body', value)).not.toThrow()
  })
})
