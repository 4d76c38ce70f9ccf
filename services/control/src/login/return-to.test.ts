import { describe, expect, it } from 'vitest'
import { safeReturnTo } from './return-to.ts'

const own = 'https://gatehouse.example'

describe('safeReturnTo', () => {
  it.each(['/', '/access', '/explore?g0.expr=up%7B%7D&x=//y', '/a#b', '/a/../b', '/%2f%2fevil'])(
    'keeps %j',
    (path) => {
      expect(safeReturnTo(path, own).startsWith('/')).toBe(true)
      const target = new URL(safeReturnTo(path, own), own)
      expect(target.href).toBe(new URL(path, own).href)
    },
  )
  it.each([
    undefined,
    '',
    'access',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/.//evil.example',
    '/..//evil.example',
    '/x/..//evil.example',
    '/%2e//evil.example',
    'https://evil.example',
    'https:evil.example',
    'https:/evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    '\t//evil.example',
    ' //evil.example',
    'javascript:alert(1)',
    'data:text/html,x',
    '/a\r\nSet-Cookie: x=y',
    '/login/demo?returnTo=/login/demo',
    '/login',
    '/sign-in',
    '/signed-out',
    '/api/v1/me',
    '/prom/all/api/v1/query',
    `/${'x'.repeat(3_000)}`,
  ])('sends %j to the front page', (value) => {
    expect(safeReturnTo(value, own)).toBe('/')
  })
})
