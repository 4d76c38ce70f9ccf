import { parse, print } from '@gatehouse/promql'
import { describe, expect, it } from 'vitest'
import { asksOf, exprOf } from './asks.ts'
import { compileCapability } from './capability.ts'
import { readDashboard } from './dashboard.ts'
import { formatNames } from './formats.ts'
import { missesOf } from './missed-requests.ts'
import { seededRandom } from './near-miss.ts'
import { randomValues } from './random-values.ts'
import { checkCapability, readAsk } from './self-check.ts'
import { picksValue } from './variable-regex.ts'

const list = [
  { name: 'one', type: 'query', query: 'label_values(up, instance)' },
  { name: 'several', type: 'query', query: 'label_values(up, instance)', multi: true },
  { name: 'all', type: 'query', query: 'label_values(up, instance)', includeAll: true },
  { name: 'any', type: 'query', query: 'label_values(up, instance)', includeAll: true, allValue: 'any-.*' },
  { name: 'typed', type: 'textbox', query: '' },
  { name: 'env', type: 'custom', query: 'Everything : .*,prod,a.b', multi: false },
  { name: 'envs', type: 'custom', query: 'prod,test,a.b', multi: true, includeAll: true },
  { name: 'port', type: 'query', query: 'label_values(up, instance)', regex: '/.*:(\\d+)/' },
  { name: 'node', type: 'query', query: 'label_values(up, instance)', regex: 'node-.*', multi: true },
]
const boardOf = (...exprs: string[]) =>
  readDashboard({ templating: { list }, panels: [{ targets: exprs.map((expr) => ({ expr })) }] })
const admits = (expr: string, text: string): boolean =>
  compileCapability(boardOf(expr)).admits({ kind: 'expr', expr: parse(text) }) !== undefined
const inOne = (value: string): boolean => admits('up{a=~"$one"}', `up{a=~${JSON.stringify(value)}}`)

describe('the value of a variable', () => {
  it.each([
    ['up{a="$one"}', ['up{a=""}', 'up{a="c++"}', 'up{a="(z)"}', 'up{a=".*"}']],
    ['up{a=~"$one"}', ['up{a=~""}', 'up{a=~"10.0.0.7:8080"}', 'up{a=~"example.org."}', 'up{a=~"/api/*"}']],
    ['up{a=~"$several"}', ['up{a=~"()"}', 'up{a=~""}', 'up{a=~"(x\\\\.y|c\\\\+\\\\+)"}', 'up{a=~"x\\\\.y"}']],
    ['up{a!~"$several"}', ['up{a!~"()"}', 'up{a!~"x"}']],
    ['up{a=~"$all"}', ['up{a=~""}', 'up{a=~"()"}', 'up{a=~"(x|y)"}']],
    ['up{a=~"$any"}', ['up{a=~"any-.*"}', 'up{a=~"x"}', 'up{a=~""}']],
    ['up{a=~"$env"}', ['up{a=~".*"}', 'up{a=~"prod"}', 'up{a=~"a.b"}']],
    ['up{a=~"$envs"}', ['up{a=~"(prod|a\\\\.b)"}', 'up{a=~"test"}']],
    ['up{a=~"${envs:glob}"}', ['up{a=~"{prod,test}"}', 'up{a=~"prod"}']],
    ['up{a=~"${envs:pipe}"}', ['up{a=~"prod|test"}']],
    ['up{a=~"$port"}', ['up{a=~"9100"}', 'up{a=~""}']],
    ['up{a=~"$node"}', ['up{a=~"(node-1|node-2)"}', 'up{a=~"()"}']],
  ])('in %s is what Grafana sends', (expr, sent) => {
    for (const text of sent) expect(text).toSatisfy((one: string) => admits(expr, one))
  })

  it.each([
    ['up{a=~"$several"}', ['up{a=~"(x|)"}', 'up{a=~"x.y"}', 'up{a=~".*"}', 'up{a=~"(x|.+)"}']],
    ['up{a=~"$any"}', ['up{a=~".*"}', 'up{a=~"..+"}', 'up{a=~"any-.*|.*"}']],
    ['up{a=~"$typed"}', ['up{a=~".*"}', 'up{a=~"[^x]"}']],
    ['up{a="$envs"}', ['up{a=""}', 'up{a="staging"}']],
    ['up{a=~"$env"}', ['up{a=~".+"}', 'up{a=~"staging"}', 'up{a=~""}']],
    ['up{a=~"$envs"}', ['up{a=~"(prod|staging)"}', 'up{a=~"()"}']],
    ['up{a=~"${envs:glob}"}', ['up{a=~"{prod,staging}"}', 'up{a=~"{prod,te.t}"}']],
    ['up{a=~"$port"}', ['up{a=~"910a"}', 'up{a=~"node-1:9100"}', 'up{a=~"9.0"}']],
    ['up{a="$port"}', ['up{a="x"}']],
    ['up{a=~"$node"}', ['up{a=~"(node-1|other)"}', 'up{a=~"other"}', 'up{a=~"my-node-1"}']],
    ['up{a=~"$one:.*"}', ['up{a=~"a|b:.*"}', 'up{a=~".:.*"}']],
    ['up{a=~"$one*"}', ['up{a=~"a.*"}', 'up{a=~"[ab]*"}']],
    ['up{a=~"$one$typed"}', ['up{a=~"a..b"}']],
  ])('in %s is nothing wider', (expr, asked) => {
    for (const text of asked) expect(text).not.toSatisfy((one: string) => admits(expr, one))
  })

  it('that is put into a regular expression as it is names what can be read off it', () => {
    for (const value of [
      'a',
      'v1.2.3',
      '(z)',
      'a|b',
      '$1',
      '^x',
      '[x]',
      'why?',
      '/users/{id}',
      'x{2}',
      "it's",
    ])
      expect(value).toSatisfy(inOne)
    const wild = [
      '.',
      '..',
      'a..b',
      '.*',
      'a.*',
      'a.+b',
      '.?',
      'a.{3}',
      '[^x]',
      '[a-z]',
      '\\w',
      '\\d+',
      'a|',
      '|a',
    ]
    const hidden = [
      '(a|.*)',
      '(a|)',
      '(.)',
      '(a.)',
      '()',
      'a*',
      '(a|b)*',
      '[ab]*',
      '[ab][cd][ef][gh][ij]',
      '(?i)a',
      'a.(b)',
    ]
    for (const value of [...wild, ...hidden]) expect(value).not.toSatisfy(inOne)
  })

  it.each(formatNames)('in the format %s is admitted as Grafana writes it, and nothing wider', (format) => {
    const place = (name: string): string => (format === undefined ? `$${name}` : `\${${name}:${format}}`)
    // What Grafana escapes for a string in quotes means something else in another.
    const quote = format === undefined ? '"' : '`'
    const names = ['one', 'several', 'all', 'any', 'typed', 'envs', 'port', 'node']
    const exprs = names.flatMap((name) => [
      `up{a='${place(name)}', b="x"}`,
      `up{a=~${quote}${place(name)}${quote}, b="x"}`,
    ])
    const random = seededRandom(3)
    const [refused, wider]: string[][] = [[], []]
    let sent = 0
    for (const board of exprs.map((expr) => boardOf(expr))) {
      const capability = compileCapability(board)
      expect(capability.refused).toEqual([])
      const query = board.queries.find(({ kind }) => kind === 'panel')
      for (let round = 0; query !== undefined && round < 60; round += 1) {
        const asks = asksOf(query, board.variables, randomValues(board.variables, random))
        for (const request of asks.map(readAsk)) {
          if (request?.kind !== 'expr') continue
          sent += 1
          if (capability.admits(request) === undefined) refused?.push(print(request.expr))
          for (const miss of missesOf(request, random))
            if (miss.kind === 'wider' && capability.admits(miss.request) !== undefined)
              wider?.push(print(exprOf(miss.request) ?? parse('0')))
        }
      }
    }
    expect(sent).toBeGreaterThan(300)
    expect(wider).toEqual([])
    // A list in JSON is a character class to a regular expression.
    if (format === 'json')
      expect(refused).toSatisfy((all: string[]) => all.every((one) => one.includes('=~"[')))
    else expect(refused).toEqual([])
  })

  it('in a format that no PromQL string takes is no capability', () => {
    const { refused } = compileCapability(
      boardOf(
        'up{a="${one:date}"}',
        'up{a="${one:queryparam}"}',
        'up{a="${one:nonsense}"}',
        'topk(${typed:json}, up)',
        'topk(${typed:lucene}, up)',
      ),
    )
    expect(refused.map(({ reason }) => reason)).toEqual([
      'the format date of $one is not one of a PromQL string',
      'the format queryparam of $one is not one of a PromQL string',
      'the format nonsense of $one is not one of a PromQL string',
      'the format lucene of $typed stands outside a string',
    ])
  })

  it('is tried by the self-check, empty and with every special character', () => {
    const check = checkCapability(boardOf('up{a="$one", b=~"$several"}', 'up{a=~"${envs:regex}"}'), {
      random: seededRandom(1),
      rounds: 200,
    })
    expect(check.notAdmitted).toEqual([])
    expect(check.missesAdmitted).toEqual([])
    const tried = new Set(
      Array.from({ length: 200 }, (_, i) => randomValues(boardOf().variables, seededRandom(i))['one']),
    )
    for (const value of ['', '(z)', 'c++', 'a|b', "it's"]) expect(tried).toContain(value)
  })
})

describe('the regex of a variable', () => {
  it.each([
    ['node-.*', 'node-1', true],
    ['node-.*', 'my-node-1', false],
    ['/node/', 'my-node-1', true],
    ['/NODE/i', 'my-node-1', true],
    ['/^(?!x)a/', 'anything', true],
    ['/instance="([^"]+)"/', 'a:1', true],
    ['/instance="([^"]+)"/', 'a"b', false],
    ['/(?<text>[a-z]+)\\/(?<value>\\d+)/', '12', true],
    ['/(?<text>[a-z]+)\\/(?<value>\\d+)/', 'abc', false],
    ['/(?:a|b)-(x|y)/', 'x', true],
    ['/(?:a|b)-(x|y)/', 'a', false],
    ['/(^a)/', 'b', true],
  ])('%s picks %s: %s', (regex, value, picked) => expect(picksValue(regex, value)).toBe(picked))
})
