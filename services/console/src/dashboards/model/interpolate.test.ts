import { compileCapability, interpolate as serverInterpolate, readDashboard } from '@gatehouse/authz'
import { parse } from '@gatehouse/promql'
import { describe, expect, it } from 'vitest'
import { interpolate, mentions, type Values, type VariableValue } from './interpolate.ts'

const value = (v: string | readonly string[], isRegex = false): VariableValue => ({
  value: v,
  text: v,
  isRegex,
})
const values: Values = new Map([
  ['one', value('a.b"c')],
  ['multi', value(['a.b', 'c|d'], true)],
  ['single', value(['a.b'], true)],
  ['all', { value: '.*', text: 'All', isRegex: true, isCustomAll: true }],
  ['__from', value('1700000000000')],
])

describe('interpolation', () => {
  it.each([
    ['x{a="$one"}', 'x{a="a.b\\"c"}'],
    ['x{a=~"$multi"}', 'x{a=~"(a\\\\.b|c\\\\|d)"}'],
    ['x{a=~"[[single]]"}', 'x{a=~"a\\\\.b"}'],
    ['x{a=~"${all}"}', 'x{a=~".*"}'],
    ['${multi:csv}', 'a.b,c|d'],
    ['${multi:pipe}', 'a.b|c|d'],
    ['${multi:raw}', 'a.b,c|d'],
    ['${multi:regex}', '(a\\.b|c\\|d)'],
    ['${multi:glob}', '{a.b,c|d}'],
    ['${multi:json}', '["a.b","c|d"]'],
    ['${multi:doublequote}', '"a.b","c|d"'],
    ['${multi:text} ${all:text}', 'a.b + c|d All'],
    ['${__from:date:iso} ${__from:date:seconds}', '2023-11-14T22:13:20.000Z 1700000000'],
    ['$unknown ${unknown:csv} $1', '$unknown ${unknown:csv} $1'],
  ])('%s', (text, result) => {
    expect(interpolate(text, values, 'query')).toBe(result)
  })

  it('is read by people in titles', () => {
    expect(interpolate('$one of $multi, $all', values, 'text')).toBe('a.b"c of a.b + c|d, All')
  })

  it('finds what a text mentions', () => {
    expect(mentions('$a [[b:csv]] ${c.x:regex} ${d:date:iso}')).toEqual(['a', 'b', 'c', 'd'])
  })
})

describe('what is sent is what a dashboard’s viewers may send', () => {
  const board = readDashboard({
    title: 'b',
    templating: {
      list: [
        { name: 'one', type: 'query', query: 'label_values(up, a)' },
        { name: 'multi', type: 'query', query: 'label_values(up, b)', multi: true },
        { name: 'all', type: 'query', query: 'label_values(up, c)', includeAll: true, allValue: '.*' },
      ],
    },
    panels: [
      {
        targets: [
          { expr: 'sum(rate(up{a="$one", b=~"$multi", c=~"${all}"}[$__rate_interval])) / $__range_s' },
        ],
      },
      { targets: [{ expr: 'up{a="${one:raw}", b=~"${multi:pipe}|x", b!~"${multi:regex}"}' }] },
    ],
  })
  const capability = compileCapability(board)
  const texts = ['a', 'b-1', 'node.example:9100', 'x/y', 'A "B" \\', 'c++', '(z)', 'a|b', '$1', '[x]']
  const builtIn: Values = new Map([
    ['__rate_interval', value('1m')],
    ['__range_s', value('3600')],
  ])

  it.each(texts)('%j', (text) => {
    const multi = [text, 'other']
    const all: Values = new Map([
      ...builtIn,
      ['one', value(text)],
      ['multi', value(multi, true)],
      ['all', { value: '.*', text: 'All', isRegex: true, isCustomAll: true }],
    ])
    for (const query of board.queries.filter(({ kind }) => kind === 'panel')) {
      const sent = interpolate(query.text, all, 'query')
      const expected = serverInterpolate(query.text, board.variables, {
        one: text,
        multi,
        all: '.*',
        __rate_interval: '1m',
        __range_s: '3600',
      })
      expect(sent).toBe(expected)
      // A regular expression of Grafana's own format is no PromQL string once it has a backslash: Grafana sends it so too.
      if (/:(regex|raw)\}/.test(query.text) && /[\\"/.$[\](|+]/.test(text)) continue
      expect(capability.admits({ kind: 'expr', expr: parse(sent) })).toBeDefined()
    }
  })
})
