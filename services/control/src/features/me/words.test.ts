import type { Matcher } from '@gatehouse/promql'
import { describe, expect, it } from 'vitest'
import { constraintsInWords, selectorOf } from './words.ts'

const m = (name: string, op: Matcher['op'], value: string): Matcher => ({ name, op, value })

describe('constraintsInWords', () => {
  const cases: [Matcher[][], string[]][] = [
    [[], []],
    [[[]], ['all series']],
    [[[m('env', '=', 'prod')]], ['series where env is prod']],
    [[[m('env', '!=', 'prod'), m('team', '=', '')]], ['series where env is not prod and team is empty']],
    [[[m('a', '=', '1'), m('b', '=', '2'), m('c', '=', '3')]], ['series where a is 1, b is 2 and c is 3']],
    [[[m('t', '=~', 'a|b\\.c')]], ['series where t is a or b.c']],
    [[[m('t', '!~', 'a|b|c')]], ['series where t is not a, b or c']],
    [[[m('t', '=~', 'a.*')]], ['series where t matches a.*']],
    [[[m('t', '!~', '(a|b)')]], ['series where t does not match (a|b)']],
    [
      [[m('x', '=', '1')], [m('y', '=', '2')]],
      ['series where x is 1', 'series where y is 2'],
    ],
  ]
  it.each(cases)('%j', (alternatives, words) => {
    expect(constraintsInWords({ alternatives })).toEqual(words)
  })
})

describe('selectorOf', () => {
  it('prints what is added to a selector', () => {
    expect(selectorOf([m('tenant', '=', 'a"b'), m('env', '=~', 'x|y')])).toBe(
      String.raw`{tenant="a\"b",env=~"x|y"}`,
    )
  })
})
