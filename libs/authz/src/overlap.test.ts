import { parseMatchers } from '@gatehouse/promql'
import { describe, expect, it } from 'vitest'
import { isWithin, type Overlap, overlapOf } from './overlap.ts'

const admitting = (...texts: string[]) => ({ alternatives: texts.map((text) => parseMatchers(text)) })

describe('overlapOf', () => {
  it.each<[string, readonly string[], Overlap]>([
    ['{env="prod"}', ['{tenant="a",env="prod"}'], 'some'],
    ['{tenant="a",env="prod"}', ['{tenant="a"}'], 'all'],
    ['{tenant="a"}', ['{tenant="a",env="prod"}', '{tenant="a",env!="prod"}'], 'all'],
    ['{env="test"}', ['{env="prod"}'], 'none'],
    ['{env="prod",env="test"}', ['{env="prod"}'], 'none'],
    ['{env!=""}', ['{env!~"prod|test"}'], 'some'],
    ['{env!="",env!~"prod|test"}', ['{env!="prod"}'], 'all'],
    ['{env=~"prod|test"}', ['{env=~"test|prod|dev"}'], 'all'],
    ['{env=~"prod|dev"}', ['{env=~"test|prod"}'], 'some'],
    ['{env=~"prod|dev"}', ['{env=~"test|qa"}'], 'none'],
    ['{env=~"p.*"}', ['{env="prod"}'], 'some'],
    ['{env="prod"}', ['{env=~"p.*"}'], 'all'],
    ['{env="test"}', ['{env=~"p.*"}'], 'none'],
    // RE2, not JavaScript: a POSIX class and an anchored match.
    ['{env="p1"}', ['{env=~"p[[:digit:]]"}'], 'all'],
    ['{env="prod1"}', ['{env=~"prod"}'], 'none'],
    ['{env="a.b"}', ['{env=~"a\\\\.b|c"}'], 'all'],
    ['{env="axb"}', ['{env=~"a\\\\.b|c"}'], 'none'],
    // What cannot be told is "some": never a claim that nothing, or everything, is admitted.
    ['{env=~"p.*"}', ['{env=~"p[a-z]*"}'], 'some'],
    ['{env=~"p.*"}', ['{env=~".*q"}'], 'some'],
    ['{env="prod"}', [], 'none'],
  ])('%s of %j is %s', (selector, alternatives, expected) => {
    expect(overlapOf(parseMatchers(selector), admitting(...alternatives))).toBe(expected)
  })

  it('gives up on products that are too large, without a claim', () => {
    const wide = Array.from(
      { length: 10 },
      (_, i) => `{${['a', 'b', 'c'].map((l) => `${l}${i}="x"`).join(',')}}`,
    )
    expect(overlapOf(parseMatchers('{z="1"}'), admitting(...wide))).toBe('some')
  })

  it('does not evaluate patterns that are too long', () => {
    const long = `(${'a?'.repeat(600)})`
    expect(overlapOf(parseMatchers('{env="a"}'), admitting(`{env=~"x${long}"}`))).toBe('some')
  })
})

describe('isWithin', () => {
  it.each<[string, string, boolean | undefined]>([
    ['{a="1",b="2"}', '{a="1"}', true],
    ['{a="1"}', '{a="1",b="2"}', false],
    ['{a=~"1|2"}', '{a!="3"}', true],
    ['{a="1"}', '{a=~"[0-9]"}', true],
    ['{a=~"[0-9]"}', '{a=~"[0-9]+"}', undefined],
    ['{a="1",a="2"}', '{z="9"}', true],
    // Only a value that nobody speaks of shows it.
    ['{a!="",a!~"1|2"}', '{a="3"}', false],
    ['{a!=""}', '{a=~"1|2"}', false],
  ])('%s in %s is %s', (inner, outer, expected) => {
    expect(isWithin(parseMatchers(inner), parseMatchers(outer))).toBe(expected)
  })
})
