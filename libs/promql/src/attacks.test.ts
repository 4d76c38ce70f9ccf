import { isGatehouseError } from '@gatehouse/errors'
import { describe, expect, it } from 'vitest'
import type { Matcher } from './ast.ts'
import { parse } from './parse.ts'
import { print } from './print.ts'
import { mapSelectors } from './walk.ts'

const tenant: Matcher = { name: 'tenant', op: '=', value: 'a' }

/** What would reach a server if every selector were constrained to tenant `a`; `400` when the query is refused. */
function constrained(query: string): string {
  try {
    return print(mapSelectors(parse(query), (one) => ({ ...one, matchers: [tenant, ...one.matchers] })))
  } catch (error) {
    if (isGatehouseError(error) && error.code === 'bad_data') return '400'
    throw error
  }
}

const T = 'tenant="a"'

/** Queries that try to get around a constraint, with the only text a server may see. */
const attacks: Readonly<Record<string, readonly (readonly [query: string, sent: string])[]>> = {
  'plain selectors': [
    ['up', `up{${T}}`],
    ['up{}', `up{${T}}`],
    ['up{#c\n}', `up{${T}}`],
    ['up{job="x",}', `up{${T},job="x"}`],
    ['{__name__="up"}', `{${T},__name__="up"}`],
    ['{__name__=~".+"}', `{${T},__name__=~".+"}`],
  ],
  'selectors that must not become valid by being constrained': [
    ['{}', '400'],
    ['{a=""}', '400'],
    ['{a=~".*"}', '400'],
    ['{a!="b"}', '400'],
    ['{""}', '400'],
    ['{__name__!="up"}', '400'],
    ['{a=~"[[:alpha:]]*"}', '400'],
    ['{a=~"\\\\Q\\\\E"}', '400'],
  ],
  'own matchers on the constrained label stay beside the constraint': [
    ['up{tenant="b"}', `up{${T},tenant="b"}`],
    ['up{tenant="a",tenant=~".*"}', `up{${T},tenant="a",tenant=~".*"}`],
    ['up{tenant!=""}', `up{${T},tenant!=""}`],
    ['up{tenant=~"b|a"}', `up{${T},tenant=~"b|a"}`],
    ['up{tenant=~"(?i)A"}', `up{${T},tenant=~"(?i)A"}`],
    ['up{tenant=~"\\\\Qb\\\\E|.*"}', `up{${T},tenant=~"\\\\Qb\\\\E|.*"}`],
    ['up{tenant=~"[]a]|\\\\z"}', `up{${T},tenant=~"[]a]|\\\\z"}`],
    ['up{tenant=""}', `up{${T},tenant=""}`],
  ],
  'quoted and escaped names': [
    ['{"tenant"="b","up"}', `up{${T},tenant="b"}`],
    ["{'tenant'='b',x='1'}", `{${T},tenant="b",x="1"}`],
    ['{`tenant`=`b`,x="1"}', `{${T},tenant="b",x="1"}`],
    ['{"\\x74enant"="b","up"}', `up{${T},tenant="b"}`],
    ['{"\\u0074enant"=~".*","up"}', `up{${T},tenant=~".*"}`],
    ['{"\\164enant"!="","up"}', `up{${T},tenant!=""}`],
    ['{"up"}', `up{${T}}`],
    ['{"my.metric"}', `{"my.metric",${T}}`],
    ['{b="c","a",d="e"}', `a{${T},b="c",d="e"}`],
    ['up{"x"}', '400'],
    ['{"up","down"}', `{${T},__name__="up",__name__="down"}`],
    ['up{__name__="up"}', '400'],
    ['{"up",__name__="x"}', `{${T},__name__="up",__name__="x"}`],
  ],
  'every side of an operator': [
    ['up or secret', `up{${T}} or secret{${T}}`],
    ['up unless secret', `up{${T}} unless secret{${T}}`],
    ['a and on() b', `a{${T}} and on () b{${T}}`],
    ['a == bool b', `a{${T}} == bool b{${T}}`],
    ['a * on(x) group_left(y) b', `a{${T}} * on (x) group_left (y) b{${T}}`],
  ],
  'aggregations and their parameters': [
    ['sum(up) by (tenant)', `sum by (tenant) (up{${T}})`],
    ['count by(tenant)({__name__=~".+"})', `count by (tenant) ({${T},__name__=~".+"})`],
    ['group by ("tenant")(up)', `group by (tenant) (up{${T}})`],
    ['topk(scalar(secret),up)', `topk(scalar(secret{${T}}), up{${T}})`],
    ['quantile(scalar(sum(secret))/1000,up)', `quantile(scalar(sum(secret{${T}})) / 1000, up{${T}})`],
    ['limitk(scalar(secret),up)', `limitk(scalar(secret{${T}}), up{${T}})`],
    ['limit_ratio(scalar(secret),up)', `limit_ratio(scalar(secret{${T}}), up{${T}})`],
    ['count_values("tenant",up)', `count_values("tenant", up{${T}})`],
  ],
  'every argument of a function': [
    ['histogram_quantile(scalar(secret), x)', `histogram_quantile(scalar(secret{${T}}), x{${T}})`],
    ['clamp(up,0,scalar(secret))', `clamp(up{${T}}, 0, scalar(secret{${T}}))`],
    ['round(up,scalar(secret))', `round(up{${T}}, scalar(secret{${T}}))`],
    ['predict_linear(up[5m],scalar(secret))', `predict_linear(up{${T}}[5m], scalar(secret{${T}}))`],
    ['label_replace(up,"tenant","b","","")', `label_replace(up{${T}}, "tenant", "b", "", "")`],
    ['absent(secret{code="hunter2"})', `absent(secret{${T},code="hunter2"})`],
  ],
  'ranges, subqueries, shifts and signs': [
    ['rate(secret[5m])', `rate(secret{${T}}[5m])`],
    ['secret[5m:1m]', `secret{${T}}[5m:1m]`],
    ['max_over_time((up or secret)[1h:])', `max_over_time((up{${T}} or secret{${T}})[1h:])`],
    ['((((secret))))', `((((secret{${T}}))))`],
    ['-secret', `-secret{${T}}`],
    ['+-secret', `+-secret{${T}}`],
    ['secret offset 1w', `secret{${T}} offset 1w`],
    ['secret @ start()', `secret{${T}} @ start()`],
    ['secret offset -1h @ end()', `secret{${T}} @ end() offset -1h`],
    ['secret[5m] @ 1', `secret{${T}}[5m] @ 1`],
  ],
  'functions that select by themselves': [
    ['info(up)', '400'],
    ['info(up,{ver=~".+"})', '400'],
    ['info(vector(1))', '400'],
    ['info(label_replace(vector(1),"job","x","",""),{__name__=~".+_info"})', '400'],
  ],
  'comments, which CR ends as well': [
    ['up # \r or secret', `up{${T}} or secret{${T}}`],
    ['up{ # \r} or secret{code=~".+"\n}', `up{${T}} or secret{${T},code=~".+"}`],
    ['up#\rorsecret', '400'],
    ['#\rsecret', `secret{${T}}`],
    ['timestamp(#c\re#c\n)', `timestamp(e{${T}})`],
    ['up # note\r\n or up', `up{${T}} or up{${T}}`],
    ['up # or secret', `up{${T}}`],
    ['up #}\n', `up{${T}}`],
    ['up{a="#"} or secret', `up{${T},a="#"} or secret{${T}}`],
    ['"# x" or up', '400'],
  ],
  strings: [
    ['up{a="x\n}"', '400'],
    ['"abc', '400'],
    ['up{a="x', '400'],
    ['up{a="\\\n"}', '400'],
    ['up{a="\\d"}', '400'],
    ["up{a='\\\"'}", '400'],
    ['up{a="\\400"}', '400'],
    ['up{a="\\ud800"}', '400'],
    ['up{a="\\x4"}', '400'],
    ['up{a="\\xff"}', `up{${T},a="\\xff"}`],
    ['up{a=`\\xff`}', `up{${T},a="\\\\xff"}`],
    ['up{a="\\""}', `up{${T},a="\\""}`],
    ["up{a='\\''}", `up{${T},a="'"}`],
    ['up{a=`}"`}', `up{${T},a="}\\""}`],
    ['up{a="$x"}', `up{${T},a="$x"}`],
  ],
  'characters that are no PromQL': [
    ...['\u00a0', '\u2028', '\u0085', '\v', '\f', '\ufeff', '\0', '\u202e', '\ufffd', '\ud800'].map(
      (character) => [`up${character}or secret`, '400'] as const,
    ),
    ['up{a="\ufffd"}', '400'],
    ['up{a="\ud800"}', '400'],
    ['$__rate_interval', '400'],
    ['${tenant}', '400'],
  ],
  'two queries in one': [
    ['foo{a="b"}{c="d"}', '400'],
    ['up up', '400'],
    ['up;up', '400'],
    ['up,up', '400'],
    ['()', '400'],
    ['up()', '400'],
    ['', '400'],
    ['# up', '400'],
  ],
  'words that are names': [
    ['sum', `sum{${T}}`],
    ['sum{a="b"}', `sum{${T},a="b"}`],
    ['by', `by{${T}}`],
    ['and and and', `and{${T}} and and{${T}}`],
    ['or or or', `or{${T}} or or{${T}}`],
    ['start{a="b"}', `start{${T},a="b"}`],
    ['fill + fill', `fill{${T}} + fill{${T}}`],
    ['offset', `offset{${T}}`],
  ],
  'numbers out of range': [
    ['up @ 1e300', '400'],
    ['up @ inf', '400'],
    ['up[0]', '400'],
    ['up[99999y]', '400'],
    ['up offset 9e99', '400'],
    ['up offset nan', '400'],
  ],
  'other dialects': [
    ['a + fill(0) b', '400'],
    ['rate(x[5m] smoothed)', '400'],
    ['x[step()]', '400'],
    ['x </ 5', '400'],
    ['{a="b" or c="d"}', '400'],
    ['WITH (x=up) x', '400'],
    ['xrate(up[5m])', '400'],
  ],
  'shapes that a wrong precedence would change': [
    ['a == b @ 5', `a{${T}} == b{${T}} @ 5`],
    ['-up @ 1', `-up{${T}} @ 1`],
    ['-1 ^ up', `-1 ^ up{${T}}`],
    ['2*x offset 5m', `2 * x{${T}} offset 5m`],
    ['a - b - c', `a{${T}} - b{${T}} - c{${T}}`],
    ['2^3^2', '2 ^ 3 ^ 2'],
  ],
}

describe.each(Object.entries(attacks))('%s', (_name, rows) => {
  it.each(rows)('%j', (query, sent) => {
    expect(constrained(query)).toBe(sent)
    // What is sent is read as what was meant.
    if (sent !== '400') expect(print(parse(sent))).toBe(sent)
  })
})

describe('values that try to leave their quotes', () => {
  const values = [
    'a"b',
    'a\\',
    'a\nb',
    'a}b',
    'a,b="c',
    'a\u2028',
    '😀',
    '.',
    '..',
    'a|b',
    '',
    '\ufffd',
    '\udcff',
    '#',
    "'",
    '`',
  ]
  it.each(values)('%j stays a value', (value) => {
    const expr = mapSelectors(parse('up'), (one) => ({
      ...one,
      matchers: [{ name: 'tenant', op: '=', value }],
    }))
    expect(parse(print(expr))).toMatchObject({ name: 'up', matchers: [{ name: 'tenant', op: '=', value }] })
  })

  it.each(values)('%j stays a name', (name) => {
    const expr = mapSelectors(parse('up'), (one) => ({ ...one, matchers: [{ name, op: '=', value: 'x' }] }))
    expect(parse(print(expr))).toMatchObject({ name: 'up', matchers: [{ name, op: '=', value: 'x' }] })
  })
})
