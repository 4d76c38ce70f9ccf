import { type Matcher, parse } from '@gatehouse/promql'
import { describe, expect, it } from 'vitest'
import type { Conjunction, Shard, ShardSlice, TimeRange } from '../model.ts'
import { describePlan } from './describe.ts'
import { familiesOf } from './families.ts'
import { planQuery } from './plan.ts'

const hour = 3_600_000
const now = 1_700_000_000_000
const m = (name: string, op: Matcher['op'], value: string): Matcher => ({ name, op, value })
const shard = (name: string, tenants: string, slice: Partial<ShardSlice> = {}): Shard => ({
  name,
  slice: { tenants: tenants.split(''), ...slice },
  replicas: [],
})
const prod = { matchers: [m('env', '=', 'prod')] }
const others = { matchers: [m('env', '!=', 'prod')] }
const recent = { samples: { from: { age: 48 * hour } } }
const long = { samples: { until: { age: 2 * hour } } }

describe('familiesOf', () => {
  const shown = (...shards: Shard[]) =>
    familiesOf(shards).map(
      ({ shards: own, tenants }) => `${own.map(({ name }) => name).join('+')}: ${tenants.join('')}`,
    )

  it.each<[string, Shard[], string[]]>([
    ['tenants', [shard('1', 'ab'), shard('2', 'c')], ['1: ab', '2: c']],
    ['a label', [shard('p', 'ab', prod), shard('o', 'ab', others)], ['p: ab', 'o: ab']],
    ['times', [shard('r', 'ab', recent), shard('l', 'ab', long)], ['r+l: ab']],
    [
      'tenants and times',
      [shard('r', 'abc', recent), shard('l1', 'ab', long), shard('l2', 'c', long)],
      ['r+l1: ab', 'r+l2: c'],
    ],
    [
      'a label and tenants',
      [shard('p', 'ab', prod), shard('oa', 'a', others), shard('ob', 'b', others)],
      ['p: ab', 'oa: a', 'ob: b'],
    ],
    ['nothing', [shard('none', '')], []],
  ])('divided by %s', (_by, shards, expected) => expect(shown(...shards)).toEqual(expected))
})

function plan(
  query: string,
  shards: readonly Shard[],
  options: {
    range?: TimeRange
    conjunctions?: readonly Conjunction[]
    step?: number | undefined
    engine?: boolean
  } = {},
) {
  const { range = { start: now, end: now, step: 0 }, conjunctions = [[m('tenant', '=~', 'a|b')]] } = options
  const defaultStepMs = 'step' in options ? options.step : 60_000
  const settings = { version: '3.5', now, defaultStepMs, hasEngine: options.engine ?? false }
  return planQuery({
    expr: parse(query),
    conjunctions,
    source: { tenantLabel: 'tenant', shards },
    range,
    ...settings,
  })
}

function shown(...args: Parameters<typeof plan>) {
  const { kind, pushedDown, evaluatedHere, engine } = describePlan(plan(...args))
  const requests = pushedDown.flatMap((part) =>
    part.requests.map(
      ({ shard: name, query, range: { start, end } }) =>
        `${name} ${query} ${(start - now) / hour}${end === start ? '' : `…${(end - now) / hour}`}`,
    ),
  )
  return { kind, requests, evaluatedHere, ...(engine === undefined ? {} : { engine: engine.query }) }
}

const ab = 'tenant=~"a|b"'

describe('shards divided by a label', () => {
  const shards = [shard('p', 'ab', prod), shard('o', 'ab', others)]

  it.each([
    ['x{env="prod"}', `p x{${ab},env="prod"} 0`],
    ['x{env="dev"}', `o x{${ab},env!="prod",env="dev"} 0`],
    ['x{env=""}', `o x{${ab},env!="prod",env=""} 0`],
  ])('one of them has all of %s', (query, request) => {
    expect(shown(query, shards)).toMatchObject({ kind: 'pass', requests: [request] })
  })

  it('are asked for their slice only, so that what is being moved counts once', () => {
    expect(shown('sum(x)', shards).requests).toEqual([
      `p sum(x{${ab},env="prod"}) 0`,
      `o sum(x{${ab},env!="prod"}) 0`,
    ])
    // Tenants say nothing about the shard here, the label does.
    expect(shown('sum by (env) (x)', shards).evaluatedHere).toEqual(['union of 2 parts: sum by (env) (x)'])
    expect(shown('sum by (tenant) (x)', shards).evaluatedHere).toEqual([
      'merge of partial sum: sum by (tenant) (x)',
    ])
    expect(shown('x / on (env) sum by (env) (y)', shards).evaluatedHere).toEqual([
      'union of 2 parts: x / on (env) sum by (env) (y)',
    ])
  })

  it('do not put their label into what is absent', () => {
    const made = plan('absent(x{env="prod",job="j"})', shards)
    expect(made).toMatchObject({ kind: 'evaluate', root: { kind: 'absent' } })
    const labels = made.kind === 'evaluate' && made.root.kind === 'absent' ? made.root.labels : new Map()
    // The caller wrote both.
    expect([...labels]).toEqual([
      ['env', 'prod'],
      ['job', 'j'],
    ])
    const unsaid = plan('absent(x{env=~"prod"})', shards)
    const none = unsaid.kind === 'evaluate' && unsaid.root.kind === 'absent' ? unsaid.root.labels : undefined
    expect([...(none ?? [])]).toEqual([])
  })

  it('need not be asked when a grant is about the other', () => {
    const conjunctions = [[m('tenant', '=~', 'a|b'), m('env', '=', 'prod')]]
    expect(shown('sum(x)', shards, { conjunctions })).toMatchObject({
      kind: 'pass',
      requests: [`p sum(x{${ab},env="prod"}) 0`],
    })
  })
})

it('shards divided by metric names: names decide', () => {
  const name = (op: Matcher['op']) => ({ matchers: [m('__name__', op, 'node_.*')] })
  const shards = [shard('n', 'ab', name('=~')), shard('o', 'ab', name('!~'))]
  expect(shown('node_load', shards)).toMatchObject({ kind: 'pass', requests: [expect.stringMatching(/^n /)] })
  expect(shown('sum(up)', shards)).toMatchObject({ kind: 'pass', requests: [expect.stringMatching(/^o /)] })
  expect(shown('node_load / up', shards)).toMatchObject({
    kind: 'evaluate',
    evaluatedHere: ['node_load / up'],
  })
  // Without their names, series of the two can be equal.
  expect(shown('abs({job="x"})', shards).requests).toHaveLength(2)
  expect(shown('{job="x"} * on (instance) {job="x"}', shards).evaluatedHere[0]).toBe(
    '{job="x"} * on (instance) {job="x"}',
  )
})

describe('shards divided by time', () => {
  const shards = [shard('l', 'ab', long), shard('r', 'ab', recent)]
  const range = (from: number, to: number) => ({
    start: now + from * hour,
    end: now + to * hour,
    step: hour,
  })

  it('one of them passes through what it has all of', () => {
    expect(shown('sum(x)', shards, { range: range(-24, 0) })).toMatchObject({
      kind: 'pass',
      requests: [`r sum(x{${ab}}) -24…0`],
    })
    expect(shown('sum(x)', shards, { range: range(-99, -50) })).toMatchObject({
      kind: 'pass',
      requests: [`l sum(x{${ab}}) -99…-50`],
    })
  })

  it('a range over the border is evaluated in stretches, each time by one shard', () => {
    expect(shown('sum(x)', shards, { range: range(-50, 0) }).requests).toEqual([
      `l sum(x{${ab}}) -50…-48`,
      `r sum(x{${ab}}) -47…0`,
    ])
  })

  it('a comparison with long ago is put together here', () => {
    expect(shown('x / x offset 1w', shards)).toEqual({
      kind: 'evaluate',
      requests: [`r x{${ab}} 0`, `l x{${ab}} offset 1w 0`],
      evaluatedHere: ['x / x offset 1w'],
    })
  })

  it('a window over the border is read raw, a piece of each', () => {
    expect(shown('max_over_time(x[3d])', shards)).toEqual({
      kind: 'evaluate',
      requests: [`l x{${ab}}[1d] -48`, `r x{${ab}}[2d] 0`],
      evaluatedHere: ['max_over_time(x[3d])', 'x[3d]'],
    })
  })

  it('what could become equal at different times is made so here', () => {
    const { requests, evaluatedHere } = shown('label_replace(x, "instance", "all", "", "")', shards, {
      range: range(-50, 0),
    })
    expect(requests).toEqual([`l x{${ab}} -50…-48`, `r x{${ab}} -47…0`])
    expect(evaluatedHere).toEqual(['label_replace(x, "instance", "all", "", "")'])
  })

  it('a gap between them is refused, or the engine’s', () => {
    const gap = [shard('l', 'ab', { samples: { until: { age: 50 * hour } } }), shard('r', 'ab', recent)]
    expect(() => plan('sum(x)', gap, { range: range(-51, 0) })).toThrow(
      /^x cannot be computed exactly over several shards: no shard has all the samples that one of its times needs/,
    )
    expect(shown('sum(x)', gap, { range: range(-51, 0), engine: true })).toEqual({
      kind: 'engine',
      requests: [],
      evaluatedHere: [],
      engine: `sum(x{${ab}})`,
    })
  })
})

describe('sub-queries without a step', () => {
  const shards = [shard('1', 'a'), shard('2', 'b')]
  const query = 'max_over_time(x[5m:])'

  it('get the one that is known, wherever they are evaluated', () => {
    expect(shown(query, shards, { step: 15_000 }).requests[0]).toBe(
      '1 max_over_time(x{tenant="a"}[5m:15s]) 0',
    )
    const one = [[m('tenant', '=', 'a')]]
    expect(shown(query, shards, { step: 15_000, conjunctions: one }).requests).toEqual([
      '1 max_over_time(x{tenant="a"}[5m:15s]) 0',
    ])
  })

  it('are a shard’s own where it answers alone, else refused, while none is known', () => {
    const one = [[m('tenant', '=', 'a')]]
    expect(shown(query, shards, { step: undefined, conjunctions: one })).toMatchObject({
      kind: 'pass',
      requests: ['1 max_over_time(x{tenant="a"}[5m:]) 0'],
    })
    expect(() => plan(query, shards, { step: undefined })).toThrow(
      /^x\[5m:\] cannot be computed exactly.*Name one, as in \[5m:1m\], or ask/,
    )
  })
})
