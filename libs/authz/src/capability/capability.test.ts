import { parse, parseSelector, print } from '@gatehouse/promql'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileCapability } from './capability.ts'
import { readDashboard } from './dashboard.ts'
import { nearMiss, nearMisses, seededRandom } from './near-miss.ts'
import { testBoard } from './testing-board.ts'
import { interpolate, type Values } from './variable.ts'

const board = readDashboard(testBoard)
const capability = compileCapability(board)
const asked = (text: string): boolean => capability.admits({ kind: 'expr', expr: parse(text) }) !== undefined

const label = fc.oneof(
  fc.constantFrom('a', 'a.b', 'node-1:9100', '(x)', 'a|b', 'é', '$', '[z]', 'a+b'),
  fc.string({ minLength: 1, maxLength: 8 }),
)
const printable = label.map((text) => text.replace(/[^\x20-\x7e\u00e9]/g, '_').replace(/[\\"]/g, '_'))
// A single value is sent unescaped; one with regex characters would mean another set of series than it names.
const plain = printable.map((text) => text.replace(/[\^$*+?()[\]{}|]/g, '_'))
const duration = fc.constantFrom('15s', '1m0s', '4m', '1h30m', '250ms')
const values = fc.record({
  env: fc.subarray(['prod', 'experiment'], { minLength: 1 }),
  window: fc.constantFrom('5m', '1h', '1d'),
  model: fc.oneof(fc.constant('.*'), fc.array(printable, { minLength: 1, maxLength: 4 })),
  instance: plain,
  limit: fc.integer({ min: 1, max: 50 }).map(String),
  quantile: fc.constantFrom('0.5', '0.9', '0.99'),
  by: fc.constantFrom('model', 'model_version'),
  __rate_interval: duration,
  __interval: duration,
  __range: duration,
  __range_s: fc.integer({ min: 1, max: 1e6 }).map(String),
})

describe('a dashboard as a capability', () => {
  it('compiles every query of the board', () => {
    expect(capability.refused).toEqual([])
    expect(capability.granted).toHaveLength(10)
  })

  it('admits every query with every value that Grafana would send', () => {
    fc.assert(
      fc.property(values, (chosen) => {
        const texts = board.queries.filter(({ kind }) => kind !== 'variable').map(({ text }) => text)
        for (const text of texts)
          expect(interpolate(text, board.variables, chosen as Values)).toSatisfy(asked)
      }),
      { numRuns: 500, seed: 7 },
    )
  })

  it('refuses what asks for more', () => {
    expect(asked('sum by (model) (rate(ml_predictions_total{env=~"prod", model=~".*"}[5m]))')).toBe(true)
    const wider = [
      'sum by (model) (rate(ml_predictions_total{env=~".*", model=~".*"}[5m]))',
      'sum by (model) (rate(ml_predictions_total{env=~"prod|test", model=~".*"}[5m]))',
      'sum by (model) (rate(ml_predictions_total{env=~"prod", model=~"a.*"}[5m]))',
      'sum by (model) (rate(ml_predictions_total{env=~"prod", model=~"[a-z]+"}[5m]))',
      'sum by (model) (rate(ml_predictions_total{env=~"prod", model=~"\\\\w"}[5m]))',
      'sum by (tenant) (rate(ml_predictions_total{env=~"prod", model=~"a"}[5m]))',
      'sum by (model) (rate(ml_predictions_total{env=~"prod"}[5m]))',
      'sum by (model) (rate(ml_predictions_total{env=~"prod", model=~"a", x="1"}[5m]))',
      'up{instance=~"a|b:.*"} offset 5m',
      'up{instance=~"a:.*|.+"} offset 5m',
      'up{instance=~"a:.*"} offset 2h',
      'topk(5, avg_over_time(queue_depth{instance=~"a"}[1h:1m]))',
      'ml_predictions_total',
      'up',
    ]
    for (const text of wider) expect(text).not.toSatisfy(asked)
  })

  it('admits a variable’s own look-up and no other', () => {
    const values = (name: string, matches: string[]): boolean =>
      capability.admits({
        kind: 'label-values',
        label: name,
        matches: matches.map((m) => parseSelector(m)),
      }) !== undefined
    expect(values('model', ['ml_model_info{env=~"prod"}'])).toBe(true)
    expect(values('model', ['ml_model_info{env=~"(prod|experiment)"}'])).toBe(true)
    expect(values('instance', ['up'])).toBe(true)
    expect(values('tenant', ['up'])).toBe(false)
    expect(values('model', ['ml_model_info{env=~".+"}'])).toBe(false)
    expect(values('model', ['ml_model_info'])).toBe(false)
    expect(values('model', [])).toBe(false)
    expect(values('model', ['ml_model_info{env=~"prod"}', 'secret'])).toBe(false)
  })

  it('lets ad-hoc filters narrow only where the board has them', () => {
    const list = [...testBoard.templating.list, { name: 'filters', type: 'adhoc' }]
    const adhoc = compileCapability(readDashboard({ ...testBoard, templating: { list } }))
    const text = 'sum by (model) (rate(ml_predictions_total{env=~"prod", model=~"a", region="north"}[5m]))'
    expect(adhoc.admits({ kind: 'expr', expr: parse(text) })?.query.where).toBe('Throughput')
    expect(adhoc.admits({ kind: 'expr', expr: parse(text.replace('env=~"prod", ', '')) })).toBeUndefined()
  })

  it('says why a query is no capability', () => {
    const list = [
      { name: 'metric', type: 'query', query: 'metrics(ml_.*)' },
      { name: 'odd', type: 'query', query: 'label_values(up, $free)' },
      { name: 'free', type: 'textbox', query: '' },
    ]
    const open = compileCapability(
      readDashboard({
        templating: { list },
        panels: [
          { title: 'Any', targets: [{ expr: 'rate($metric[5m])' }, { expr: '$free' }, { expr: 'sum(' }] },
          { title: 'Mine', targets: [{ expr: 'up{user="${__user.login}"}' }] },
        ],
      }),
    )
    expect(open.refused.map(({ reason }) => reason)).toEqual([
      expect.stringContaining('$metric outside a string has no list of values'),
      expect.stringContaining('parse error'),
      expect.stringContaining('$__user is known to Grafana only'),
      expect.stringContaining('$free has no list of label names'),
    ])
    expect(open.admits({ kind: 'expr', expr: parse('rate(secret[5m])') })).toBeUndefined()
    // A variable that is a whole query can only ever be a number.
    expect(open.admits({ kind: 'expr', expr: parse('secret') })).toBeUndefined()
  })

  it('refuses 10,000 near misses', () => {
    const random = seededRandom(20_261_122)
    const samples = fc.sample(values, { numRuns: 300, seed: 3 })
    const texts = board.queries.filter(({ kind }) => kind !== 'variable').map(({ text }) => text)
    let tried = 0
    const admitted: string[] = []
    for (const chosen of samples) {
      for (const text of texts) {
        const expr = parse(interpolate(text, board.variables, chosen as Values))
        for (const kind of nearMisses) {
          // $limit and $__range_s may be any number, so another number is not a miss there.
          if (kind === 'number' && /\$limit|\$__range_s/.test(text)) continue
          const miss = nearMiss(expr, kind, random)
          if (miss === undefined) continue
          tried += 1
          if (capability.admits({ kind: 'expr', expr: miss }) !== undefined)
            admitted.push(`${kind}: ${print(miss)}`)
        }
      }
    }
    expect(admitted.slice(0, 5)).toEqual([])
    expect(tried).toBeGreaterThanOrEqual(10_000)
  }, 120_000)
})
