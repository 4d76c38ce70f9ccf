import { describe, expect, it } from 'vitest'
import { readCredentials } from './credentials.ts'

const name = '__Host-gatehouse_session'
const own = ['Sec-Fetch-Site', 'same-origin']
const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`

const accepted: [string, string[], object][] = [
  ['bearer', ['Authorization', 'Bearer abc'], { kind: 'bearer', token: 'abc', idToken: undefined }],
  [
    'scheme in lower case',
    ['authorization', 'bearer abc'],
    { kind: 'bearer', token: 'abc', idToken: undefined },
  ],
  ['basic', ['Authorization', basic('team-a:tok:en')], { kind: 'basic', scope: 'team-a', token: 'tok:en' }],
  [
    'Grafana forwards both tokens',
    ['Authorization', 'Bearer opaque', 'X-Id-Token', 'a.b.c'],
    { kind: 'bearer', token: 'opaque', idToken: 'a.b.c' },
  ],
  ['id token alone', ['X-Id-Token', 'a.b.c'], { kind: 'id-token', token: 'a.b.c' }],
  ['session of our page', ['Cookie', `a=b; ${name}=s`, ...own], { kind: 'session', secret: 's' }],
  ['typed address', ['Cookie', `${name}=s`, 'Sec-Fetch-Site', 'none'], { kind: 'session', secret: 's' }],
  [
    'cookie without the prefix is another cookie',
    ['Cookie', 'gatehouse_session=s', 'Authorization', 'Bearer t'],
    { kind: 'bearer', token: 't', idToken: undefined },
  ],
]

const refused: [string, string[], string][] = [
  ['nothing', [], 'unauthenticated'],
  ['two Authorization headers', ['Authorization', 'Bearer a', 'authorization', 'Bearer b'], 'bad_data'],
  ['two equal Authorization headers', ['Authorization', 'Bearer a', 'Authorization', 'Bearer a'], 'bad_data'],
  ['joined Authorization', ['Authorization', 'Bearer a, Bearer b'], 'unauthenticated'],
  ['session and bearer', ['Authorization', 'Bearer a', 'Cookie', `${name}=s`, ...own], 'bad_data'],
  ['session and id token', ['X-Id-Token', 'a.b.c', 'Cookie', `${name}=s`, ...own], 'bad_data'],
  ['basic and id token', ['X-Id-Token', 'a.b.c', 'Authorization', basic('a:b')], 'bad_data'],
  ['two session cookies in one header', ['Cookie', `${name}=s; ${name}=t`, ...own], 'bad_data'],
  ['two Cookie headers', ['Cookie', `${name}=s`, 'Cookie', `${name}=t`, ...own], 'bad_data'],
  ['two orgs', ['Authorization', 'Bearer a', 'X-Gatehouse-Org', 'a', 'x-gatehouse-org', 'b'], 'bad_data'],
  [
    'session caused by another site',
    ['Cookie', `${name}=s`, 'Sec-Fetch-Site', 'cross-site'],
    'unauthenticated',
  ],
  [
    'session caused by a sibling host',
    ['Cookie', `${name}=s`, 'Sec-Fetch-Site', 'same-site'],
    'unauthenticated',
  ],
  ['session of a program', ['Cookie', `${name}=s`], 'unauthenticated'],
  [
    'contradictory Sec-Fetch-Site',
    ['Cookie', `${name}=s`, ...own, 'Sec-Fetch-Site', 'cross-site'],
    'bad_data',
  ],
  ['unknown scheme', ['Authorization', 'Digest abc'], 'unauthenticated'],
  ['scheme without a value', ['Authorization', 'Bearer'], 'unauthenticated'],
  ['any word before the token', ['Authorization', 'Whatever a.b.c'], 'unauthenticated'],
  ['basic that is not base64', ['Authorization', 'Basic ?:?'], 'unauthenticated'],
  ['basic without a colon', ['Authorization', basic('abc')], 'unauthenticated'],
]

describe('readCredentials', () => {
  it.each(accepted)('accepts %s', (_, headers, expected) => {
    expect(readCredentials(headers, name).credentials).toEqual(expected)
  })
  it.each(refused)('refuses %s', (_, headers, code) => {
    expect(() => readCredentials(headers, name)).toThrow(expect.objectContaining({ code }))
  })
  it('reads the org', () => {
    expect(readCredentials(['Authorization', 'Bearer a', 'X-Gatehouse-Org', 'health'], name).org).toBe(
      'health',
    )
  })
})
