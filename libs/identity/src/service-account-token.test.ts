import { describe, expect, it } from 'vitest'
import { hashSecret } from './secret.ts'
import { hashServiceAccountToken, newServiceAccountToken } from './service-account-token.ts'

describe('service-account tokens', () => {
  it('are prefixed, of one length and unlike each other', () => {
    const tokens = Array.from({ length: 100 }, () => newServiceAccountToken())
    expect(new Set(tokens).size).toBe(100)
    for (const token of tokens) expect(token).toMatch(/^gatehouse_sa_[0-9A-Za-z]{49}$/)
  })
  it('keep their length at both ends of the range', () => {
    expect(newServiceAccountToken(new Uint8Array(32))).toHaveLength(62)
    expect(newServiceAccountToken(new Uint8Array(32).fill(255))).toHaveLength(62)
  })
  it('hash to SHA-256', () => {
    const token = newServiceAccountToken()
    expect(hashServiceAccountToken(token)).toBe(hashSecret(token))
  })
  it('with any one character changed are not worth a look-up', () => {
    const token = newServiceAccountToken()
    for (let i = 0; i < token.length; i++) {
      const other = token[i] === 'x' ? 'y' : 'x'
      expect(hashServiceAccountToken(token.slice(0, i) + other + token.slice(i + 1))).toBeUndefined()
    }
    for (const wrong of ['', token + 'a', token.slice(1), ` ${token}`, `${token}\n`, token.toLowerCase()])
      expect(hashServiceAccountToken(wrong)).toBeUndefined()
  })
})
