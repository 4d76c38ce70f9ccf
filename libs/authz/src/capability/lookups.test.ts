import { parse, parseSelector, print } from '@gatehouse/promql'
import { describe, expect, it } from 'vitest'
import { type Admission, compileCapability } from './capability.ts'
import { readDashboard } from './dashboard.ts'

const boardOf = (queries: Record<string, string>, more: object = {}) =>
  compileCapability(
    readDashboard({
      templating: {
        list: [
          ...Object.entries(queries).map(([name, query]) => ({ name, type: 'query', multi: true, query })),
          { name: 'by', type: 'custom', query: 'team,env' },
        ],
      },
      ...more,
    }),
  )
const board = boardOf({
  model: 'label_values(ml_model_info{env=~"$env"}, model)',
  env: 'label_values(env)',
  group: 'label_values(up, $by)',
  names: 'label_names()',
  ours: 'label_names(ml)',
  metric: 'metrics(^ml_.*)',
  series: 'ml_model_info{env=~"$env"}',
})
const texts = (admission: Admission | undefined): unknown => {
  if (admission === undefined) return 'refused'
  const { instead } = admission
  if (instead === undefined) return 'as asked'
  const matches = instead.matches.map((match) => print(match))
  return instead.kind === 'narrowed' ? matches : { [instead.label]: matches }
}
const matchesOf = (matches: readonly string[]) => matches.map((match) => parseSelector(match))
const values = (label: string, ...matches: string[]): unknown =>
  texts(board.admits({ kind: 'label-values', label, matches: matchesOf(matches) }))
const names = (...matches: string[]): unknown =>
  texts(board.admits({ kind: 'label-names', matches: matchesOf(matches) }))
const series = (...matches: string[]): unknown =>
  texts(board.admits({ kind: 'series', matches: matchesOf(matches) }))

describe('look-ups of variables', () => {
  it('compile, whatever kind they are', () => expect(board.refused).toEqual([]))

  it('are given for their label and selector', () => {
    expect(values('model', 'ml_model_info{env=~"(prod|test)"}')).toBe('as asked')
    // Grafana's way to say that there is no such label.
    expect(values('model', 'ml_model_info{env=~"()"}')).toBe('as asked')
    expect(values('model', 'ml_model_info{env=~""}')).toBe('as asked')
    expect(values('env')).toBe('as asked')
    expect(values('team', 'up')).toBe('as asked')
    expect(values('env', 'up')).toBe('as asked')
    expect(names()).toBe('as asked')
    expect(names('{__name__=~".*ml.*"}')).toBe('as asked')
    expect(values('__name__', '{__name__=~"^ml_.*"}')).toBe('as asked')
    expect(series('ml_model_info{env=~"prod"}')).toBe('as asked')
  })

  it('are refused for anything else', () => {
    for (const refused of [
      values('model'),
      values('tenant'),
      values('model', 'ml_model_info'),
      values('model', 'ml_model_info{env=~".+"}'),
      values('model', 'ml_model_info{env=~"a|"}'),
      values('model', 'ml_model_info{env=~"prod"}', 'secret'),
      values('model_version', 'up'),
      values('instance', 'up'),
      names('{__name__=~".+"}'),
      names('up'),
      values('__name__', '{__name__=~".+"}'),
      series(),
      series('up{job="x"}'),
      series('{__name__=~".*ml.*"}'),
      series('ml_model_info'),
      series('ml_model_info{env=~"prod"}', 'up'),
      series('{tenant!=""}'),
      series('{env!="",job="x"}'),
    ])
      expect(refused).toBe('refused')
  })

  it('made by asking for whole series are answered with the label’s values alone', () => {
    expect(series('up')).toEqual({ team: ['up'] })
    expect(series('{env!=""}')).toEqual({ env: ['{env!=""}'] })
    const only = boardOf({ model: 'label_values(ml_model_info, model)' })
    const asked = (match: string): unknown =>
      texts(only.admits({ kind: 'series', matches: matchesOf([match]) }))
    expect(asked('ml_model_info')).toEqual({ model: ['ml_model_info'] })
    expect(asked('ml_model_info{model!=""}')).toEqual({ model: ['ml_model_info{model!=""}'] })
    expect(asked('ml_model_info{team!=""}')).toBe('refused')
    expect(asked('{model!=""}')).toBe('refused')
  })

  it('of all metric names, to pick from, are answered with those that are picked', () => {
    expect(values('__name__')).toEqual(['{__name__=~".*(?:^ml_.*).*"}'])
  })
})

describe('exemplars', () => {
  const expr = 'rate(latency_bucket{model=~"$model"}[$__rate_interval])'
  const shown = boardOf(
    { model: 'label_values(up, model)' },
    {
      panels: [
        {
          targets: [
            { expr, exemplar: true },
            { expr: 'up', exemplar: false },
          ],
        },
      ],
    },
  )
  const asked = (text: string): unknown => texts(shown.admits({ kind: 'exemplars', expr: parse(text) }))

  it('are given for panels that show them, and for no other query', () => {
    expect(asked('rate(latency_bucket{model=~"a|b"}[5m])')).toBe('as asked')
    expect(asked('rate(latency_bucket{model=~".+"}[5m])')).toBe('refused')
    expect(asked('up')).toBe('refused')
    expect(asked('latency_bucket')).toBe('refused')
    expect(texts(board.admits({ kind: 'exemplars', expr: parse('up') }))).toBe('refused')
  })
})

describe('ad-hoc filters', () => {
  const list = [
    { name: 'filters', type: 'adhoc' },
    { name: 'model', type: 'query', query: 'label_values(ml_model_info, model)', multi: true },
  ]
  const panels = [
    { targets: [{ expr: 'sum(rate(requests_total{model=~"$model",env="prod"}[5m])) / count(up)' }] },
    { targets: [{ expr: 'count({job="x",model=~"$model"}) + count({model=~"$model"})' }] },
  ]
  const filtered = compileCapability(readDashboard({ templating: { list }, panels }))
  const asked = (kind: 'label-names' | 'series', ...matches: string[]): unknown =>
    texts(filtered.admits({ kind, matches: matchesOf(matches) }))
  const ours = ['requests_total{env="prod"}', 'up', '{job="x"}']

  it('choose among labels and values of the series that the panels are about', () => {
    expect(asked('label-names')).toEqual(ours)
    const region = filtered.admits({ kind: 'label-values', label: 'region', matches: [] })
    expect(texts(region)).toEqual(ours)
    expect(asked('label-names', 'requests_total')).toEqual([
      'requests_total{env="prod"}',
      'requests_total{job="x"}',
    ])
    expect(asked('label-names', '{team="a"}')).toEqual([
      'requests_total{env="prod",team="a"}',
      'up{team="a"}',
      '{job="x",team="a"}',
    ])
    expect(asked('label-names', '{__name__!=""}')).toEqual([
      'requests_total{env="prod"}',
      'up',
      '{job="x",__name__!=""}',
    ])
  })

  it('see nothing of other series', () => {
    const only = compileCapability(
      readDashboard({ templating: { list }, panels: [{ targets: [{ expr: 'up{env="prod"}' }] }] }),
    )
    const look = (...matches: string[]): unknown =>
      texts(only.admits({ kind: 'label-names', matches: matchesOf(matches) }))
    expect(look('secret')).toBe('refused')
    expect(look('{__name__="secret"}')).toBe('refused')
    expect(look('{__name__=~".+"}')).toBe('refused')
    expect(asked('series')).toBe('refused')
    expect(asked('series', 'up')).toBe('refused')
  })

  it('are needed for that', () => {
    const plain = compileCapability(readDashboard({ panels }))
    expect(texts(plain.admits({ kind: 'label-names', matches: [] }))).toBe('refused')
  })
})

describe('readDashboard', () => {
  it('takes the queries that go to a Prometheus', () => {
    const target = (type: string | undefined, expr: string): object => ({
      expr,
      ...(type === undefined ? {} : { datasource: { type, uid: 'x' } }),
    })
    const { queries } = readDashboard({
      panels: [
        { datasource: { type: 'loki', uid: 'l' }, targets: [target(undefined, 'rate({app="x"}[5m])')] },
        {
          datasource: { type: 'datasource', uid: '-- Mixed --' },
          targets: [target('loki', 'count({app="y"})'), target('prometheus', 'a'), target(undefined, 'b')],
        },
        { datasource: '${DS}', targets: [target(undefined, 'c')] },
        { datasource: null, targets: [target('grafana-amazonprometheus-datasource', 'd')] },
      ],
      annotations: {
        list: [
          { name: 'l', datasource: { type: 'loki' }, expr: 'count({app="z"})' },
          { name: 'e', datasource: { type: 'prometheus' }, expr: 'e' },
        ],
      },
      templating: {
        list: [
          { name: 'p', type: 'query', datasource: { type: 'prometheus' }, query: 'label_values(f, p)' },
          { name: 'q', type: 'query', datasource: { type: 'loki' }, query: 'label_values(g, q)' },
        ],
      },
    })
    expect(queries.map(({ text }) => text)).toEqual(['a', 'b', 'c', 'd', 'e', 'label_values(f, p)'])
  })
})

describe('a value that takes long to compare', () => {
  it('is refused soon', () => {
    const two = boardOf(
      { a: 'label_values(up, a)', b: 'label_values(up, b)' },
      { panels: [{ targets: [{ expr: 'up{x=~"$a:$b"}' }] }] },
    )
    const admits = (value: string): boolean =>
      two.admits({ kind: 'expr', expr: parse(`up{x=~"${value}"}`) }) !== undefined
    expect(admits('one:two')).toBe(true)
    const started = performance.now()
    expect(admits(`${':'.repeat(30_000)}[`.replace('[', '[a]'))).toBe(false)
    expect(performance.now() - started).toBeLessThan(2_000)
  })
})
