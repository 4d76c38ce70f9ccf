import { describe, expect, it } from 'vitest'
import { sealTokens, unsealTokens } from './sealed-tokens.ts'
import { newSecret } from './secret.ts'

describe('sealed tokens', () => {
  const tokens = { refreshToken: 'refresh-me', idToken: 'a.b.c' }

  it('open with the session’s secret and with no other, and not when changed', () => {
    const secret = newSecret()
    const sealed = sealTokens(secret, tokens)
    expect(unsealTokens(secret, sealed)).toEqual(tokens)
    expect(unsealTokens(newSecret(), sealed)).toBeUndefined()
    const changed = Buffer.from(sealed, 'base64url')
    changed[40] = (changed[40] ?? 0) ^ 1
    expect(unsealTokens(secret, changed.toString('base64url'))).toBeUndefined()
    for (const broken of ['', 'x', sealed.slice(0, 20)]) expect(unsealTokens(secret, broken)).toBeUndefined()
  })

  it('say nothing of themselves, and never the same twice', () => {
    const secret = newSecret()
    const [one, two] = [sealTokens(secret, tokens), sealTokens(secret, tokens)]
    expect(one).not.toBe(two)
    expect(Buffer.from(one, 'base64url').toString('latin1')).not.toContain('refresh-me')
  })

  it('leave an ID token out that is too long to keep', () => {
    const secret = newSecret()
    const sealed = sealTokens(secret, { ...tokens, idToken: 'x'.repeat(100_000) })
    expect(unsealTokens(secret, sealed)).toEqual({ refreshToken: 'refresh-me', idToken: undefined })
  })
})
