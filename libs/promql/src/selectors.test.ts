import { describe, expect, it } from 'vitest'
import { matchesEmpty } from './matchers.ts'
import { parseMatchers, parseSelector } from './parse.ts'
import { print } from './print.ts'

describe('parseSelector', () => {
  it.each([
    ['up', 'up'],
    [' up{a="b"} # c', 'up{a="b"}'],
    ['{__name__=~"a|b"}', '{__name__=~"a|b"}'],
    ['sum', 'sum'],
    ['by{a="b"}', 'by{a="b"}'],
    ['a:b', 'a:b'],
    ['{"my.metric"}', '{"my.metric"}'],
    // `match[]` allows what a query does not: the name and `__name__` matchers.
    ['up{__name__=~"u."}', '{__name__="up",__name__=~"u."}'],
  ])('reads %s', (text, printed) => {
    expect(print(parseSelector(text))).toBe(printed)
  })

  it.each([
    ['', /unexpected end of input/],
    ['{}', /at least one non-empty matcher/],
    ['{a=~".*"}', /at least one non-empty matcher/],
    ['up or down', /unexpected operator "or"/],
    ['up offset 5m', /unexpected modifier "offset"/],
    ['up @ 1', /unexpected symbol "@"/],
    ['up[5m]', /unexpected symbol "\["/],
    ['sum(up)', /unexpected symbol "\("/],
    ['(up)', /unexpected symbol "\("/],
    ['-up', /unexpected operator "-"/],
    ['1', /unexpected number "1"/],
    ['"up"', /unexpected string/],
    ['on', /unexpected modifier "on"/],
    ['up{a=~"("}', /error parsing regexp/],
    ['up{}{}', /unexpected symbol "{"/],
  ])('refuses %j', (text, message) => {
    expect(() => parseSelector(text)).toThrow(message)
    expect(() => parseSelector(text)).toThrow(expect.objectContaining({ code: 'bad_data' }))
  })

  it('freezes what it gives', () => {
    expect(Object.isFrozen(parseSelector('up{a="b"}'))).toBe(true)
    expect(Object.isFrozen(parseSelector('up{a="b"}').matchers)).toBe(true)
  })
})

describe('parseMatchers', () => {
  it('reads matchers in braces, a name among them', () => {
    expect(parseMatchers(`{env="prod",team=~'a|b'}`)).toEqual([
      { name: 'env', op: '=', value: 'prod' },
      { name: 'team', op: '=~', value: 'a|b' },
    ])
    expect(parseMatchers('up{a!="b"}')).toEqual([
      { name: '__name__', op: '=', value: 'up' },
      { name: 'a', op: '!=', value: 'b' },
    ])
    expect(parseMatchers('{}')).toEqual([])
    expect(parseMatchers('{a=~".*"}')).toHaveLength(1)
  })

  it.each(['', 'env="prod"', '{env=prod}', '{env="prod"', '{a="b"} or {c="d"}', '{a="b"}[5m]'])(
    'refuses %j',
    (text) => {
      expect(() => parseMatchers(text)).toThrow(expect.objectContaining({ code: 'bad_data' }))
    },
  )
})

describe('matchesEmpty', () => {
  it.each([
    ['{a=""}', true],
    ['{a="b"}', false],
    ['{a!=""}', false],
    ['{a!="b"}', true],
    ['{a=~"b|"}', true],
    ['{a=~"b"}', false],
    ['{a!~"b|"}', false],
    ['{a!~"b"}', true],
  ])('%s: %s', (text, empty) => {
    expect(parseMatchers(text).map(matchesEmpty)).toEqual([empty])
  })
})
