import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeBytes, isValidUtf8, quote, unquote } from './strings.ts'

describe('unquote', () => {
  it.each([
    ['""', ''],
    ['"a b"', 'a b'],
    ["'it\\'s'", "it's"],
    ['`raw \\n "quotes"`', 'raw \\n "quotes"'],
    ['"\\a\\b\\f\\n\\r\\t\\v\\\\\\""', '\x07\b\f\n\r\t\v\\"'],
    ['"\\x41\\101\\u0041\\U00000041"', 'AAAA'],
    ['"\\xc3\\xa9"', 'é'],
    ['"\\303\\251x"', 'éx'],
    ['"\\xf0\\x9f\\x98\\x80"', '😀'],
    ['"\\U0001F600"', '😀'],
    ['"é\\xc3\\xa9日"', 'éé日'],
    ['"\\xff"', '\udcff'],
    ['"\\xc3"', '\udcc3'],
    ['"\\xc3x\\xa9"', '\udcc3x\udca9'],
    ['"\\xc3\\u0041"', '\udcc3A'],
    // overlong, surrogate, beyond U+10FFFF: Go decodes none of them
    ['"\\xc0\\x80"', '\udcc0\udc80'],
    ['"\\xe0\\x80\\x80"', '\udce0\udc80\udc80'],
    ['"\\xed\\xa0\\x80"', '\udced\udca0\udc80'],
    ['"\\xf4\\x90\\x80\\x80"', '\udcf4\udc90\udc80\udc80'],
    ['"\\xf0\\x80\\x80\\x80"', '\udcf0\udc80\udc80\udc80'],
  ])('reads %s', (literal, text) => {
    expect(unquote(literal)).toBe(text)
  })

  it('reads a byte escape next to a character whose second half looks like a byte', () => {
    expect(unquote('"\u{1f480}\\x80"')).toBe('\u{1f480}\udc80')
  })
})

describe('decodeBytes', () => {
  it('agrees with the platform on what is valid UTF-8, and is one-to-one on the rest', () => {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 8 }), (bytes) => {
        const text = decodeBytes(bytes)
        let valid: string | undefined
        try {
          valid = decoder.decode(new Uint8Array(bytes))
        } catch {
          valid = undefined
        }
        if (valid !== undefined) expect(text).toBe(valid)
        expect(isValidUtf8(text)).toBe(valid !== undefined)
        const back = Array.from(text).flatMap((character) => {
          const code = character.codePointAt(0) ?? 0
          const isByte = code >= 0xdc80 && code <= 0xdcff
          return isByte ? [code - 0xdc00] : [...new TextEncoder().encode(character)]
        })
        expect(back).toEqual(bytes)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('quote', () => {
  it.each([
    ['', '""'],
    ['a"b\\c', '"a\\"b\\\\c"'],
    ['\n\r\t\0\x7f', '"\\n\\r\\t\\x00\\x7f"'],
    ['é 日本 😀', '"é 日本 😀"'],
    ['\udcff\udc80', '"\\xff\\x80"'],
    ['\ufffd', '"\\ufffd"'],
    ['\u00a0\u2028\u202e\ufeff\u200b', '"\\u00a0\\u2028\\u202e\\ufeff\\u200b"'],
    ['\u{e0001}', '"\\U000e0001"'],
  ])('writes %j as %s', (text, literal) => {
    expect(quote(text)).toBe(literal)
  })

  it.each(['\ud800', '\udc00', '\udd00', 'a\udfffb'])('refuses the lone surrogate in %j', (text) => {
    expect(() => quote(text)).toThrow(/lone surrogate/)
  })

  it('is undone by unquote, byte for byte', () => {
    const byte = fc.integer({ min: 0x80, max: 0xff }).map((code) => String.fromCharCode(0xdc00 + code))
    const piece = fc.oneof(fc.string({ unit: 'binary' }), byte)
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        // Escaped bytes that together are valid UTF-8 would come back as the character they make.
        const bytes = pieces.join('')
        const text = unquote(quote(bytes))
        expect(unquote(quote(text))).toBe(text)
        if (bytes.isWellFormed()) expect(text).toBe(bytes)
      }),
      { numRuns: 2000 },
    )
  })
})
