import { describe, expect, it } from 'vitest'
import { readBoard } from './board.ts'
import { hueOf } from './colour.ts'
import { colorOf, showValue } from './display.ts'
import { displayName, type Frame } from './frame.ts'
import { fixedValue } from './interpolate.ts'
import { withTexts } from './panel-texts.ts'
import { type Asked, framesOf, type PrometheusData } from './prometheus-frames.ts'
import { reduceNumbers } from './reducers.ts'
import { shownFields } from './shown-fields.ts'
import { applyTransformations } from './transform/apply.ts'

function target(json: object) {
  const found = readBoard({ panels: [{ targets: [json] }] }).rows[0]?.panels[0]?.targets[0]
  if (found === undefined) throw new Error('no target')
  return found
}
const asked = (json: object): Asked => ({
  target: target(json),
  legend: target(json).legend,
  expr: 'q',
  step: 15,
})
const vector = (...rows: (readonly [Record<string, string>, string])[]): PrometheusData => ({
  resultType: 'vector',
  result: rows.map(([metric, value]) => ({ metric, value: [100, value] })),
})
const names = (frames: readonly Frame[]): string[] =>
  frames.flatMap(({ fields }) =>
    fields.filter(({ type }) => type === 'number').map((f) => displayName(f, frames)),
  )
const table = (frame: Frame | undefined): unknown =>
  frame && Object.fromEntries(frame.fields.map(({ name, values }) => [name, values]))

describe('names of series', () => {
  const a = { __name__: 'up', job: 'a' }
  it.each([
    ['no format: as Prometheus writes them', {}, ['up{job="a"}']],
    ['a format', { legendFormat: '{{job}} in {{ nowhere }}!' }, ['a in !']],
    ['automatic', { legendFormat: '__auto' }, ['up{job="a"}']],
  ])('%s', (_name, json, expected) => {
    expect(names(framesOf(vector([a, '1']), asked(json), 1))).toEqual(expected)
  })

  it('automatic: the value of the only label', () => {
    const data = vector([{ job: 'a' }, '1'], [{ job: 'b' }, '2'])
    expect(names(framesOf(data, asked({ legendFormat: '__auto' }), 1))).toEqual(['a', 'b'])
  })

  it('a display name takes variables and labels', () => {
    const [panel] =
      readBoard({
        panels: [
          {
            description: 'Over $window',
            fieldConfig: {
              defaults: { displayName: '${__field.labels.job} over $window' },
              overrides: [
                {
                  matcher: { id: 'byName', options: 'b' },
                  properties: [{ id: 'displayName', value: 'b, $window' }],
                },
              ],
            },
          },
        ],
      }).rows[0]?.panels ?? []
    if (panel === undefined) throw new Error('no panel')
    const filled = withTexts(panel, new Map([['window', fixedValue('5m')]]))
    const frames = framesOf(
      vector([{ job: 'a' }, '1'], [{ job: 'b' }, '2']),
      asked({ legendFormat: '{{job}}' }),
      1,
    )
    expect(filled.description).toBe('Over 5m')
    expect(
      shownFields(frames, filled.fields)
        .filter(({ field }) => field.type === 'number')
        .map(({ name }) => name),
    ).toEqual(['a over 5m', 'b, 5m'])
  })

  it('a series without labels is named by its query', () => {
    expect(names(framesOf(vector([{}, '1']), asked({ legendFormat: '__auto' }), 1))).toEqual(['q'])
  })
})

describe('frames of answers', () => {
  it('tables have a column for each label', () => {
    const data = vector([{ job: 'a', x: '1' }, '1'], [{ job: 'b' }, 'NaN'])
    expect(table(framesOf(data, asked({ format: 'table', refId: 'B' }), 2)[0])).toEqual({
      Time: [100_000, 100_000],
      job: ['a', 'b'],
      x: ['1', ''],
      'Value #B': [1, Number.NaN],
    })
  })

  it('heat maps have what falls between two bounds', () => {
    const matrix = (le: string, ...values: string[]) => ({
      metric: { le },
      values: values.map((value, i) => [i * 15, value] as const),
    })
    const data: PrometheusData = {
      resultType: 'matrix',
      result: [matrix('+Inf', '9', '9'), matrix('0.1', '2', '3'), matrix('10', '7', '3')],
    }
    const frames = framesOf(data, asked({ format: 'heatmap' }), 1)
    expect(frames.map(({ fields }) => [fields[1]?.name, fields[1]?.values])).toEqual([
      ['0.1', [2, 3]],
      ['10', [5, 0]],
      ['+Inf', [2, 6]],
    ])
  })

  it('native histograms are buckets too', () => {
    const buckets = [
      [0, '0', '1', '3'],
      [0, '1', '2', '4'],
    ] as const
    const data: PrometheusData = {
      resultType: 'matrix',
      result: [{ metric: {}, histograms: [[15, { count: '7', sum: '1', buckets }]] }],
    }
    const frames = framesOf(data, asked({ format: 'heatmap' }), 1)
    expect(frames.map(({ fields }) => [fields[1]?.name, fields[1]?.values])).toEqual([
      ['1', [3]],
      ['2', [4]],
    ])
  })
})

describe('calculations', () => {
  it.each([
    ['lastNotNull', 4],
    ['last', null],
    ['min', 1],
    ['max', 4],
    ['mean', 2.25],
    ['sum', 9],
    ['count', 4],
    ['range', 3],
    ['diff', 2],
    ['delta', 4],
    ['median', 2],
    ['p95', 4],
    ['first', 2],
  ])('%s', (id, expected) => {
    expect(reduceNumbers(id, [2, null, 1, 2, 4, null])).toBe(expected)
  })
})

describe('values as they are shown', () => {
  const config = (defaults: object) => {
    const panel = readBoard({ panels: [{ fieldConfig: { defaults } }] }).rows[0]?.panels[0]
    if (panel === undefined) throw new Error('no panel')
    return panel.fields.defaults
  }
  const steps = [
    { color: 'green', value: null },
    { color: 'orange', value: 1 },
    { color: 'semi-dark-red', value: 2 },
  ]

  it.each([
    [0, '--hue-green'],
    [1, '--hue-orange'],
    [5, '--hue-red'],
  ])('%s reaches its threshold', (value, color) => {
    expect(colorOf(config({ thresholds: { mode: 'absolute', steps } }), value)).toBe(color)
  })

  it('thresholds in percent are of the way from min to max', () => {
    const c = config({
      min: 0,
      max: 2,
      thresholds: {
        mode: 'percentage',
        steps: [
          { color: 'green', value: null },
          { color: 'red', value: 50 },
        ],
      },
    })
    expect([0.9, 1.1].map((value) => colorOf(c, value))).toEqual(['--hue-green', '--hue-red'])
  })

  it('maps values, ranges, texts and special values', () => {
    const c = config({
      unit: 's',
      noValue: 'nothing',
      mappings: [
        { type: 'value', options: { '0': { text: 'down', color: 'red' }, ok: { text: 'fine' } } },
        { type: 'range', options: { from: 10, to: 20, result: { text: 'much' } } },
        { type: 'regex', options: { pattern: '/^v(\\d)/', result: { text: 'version $1' } } },
        { type: 'special', options: { match: 'nan', result: { text: 'not a number' } } },
      ],
    })
    expect([0, 'ok', 12, 'v3', Number.NaN, 3, null].map((v) => showValue(c, v).text)).toEqual([
      'down',
      'fine',
      'much',
      'version 3',
      'not a number',
      '3 s',
      'nothing',
    ])
    expect(showValue(c, 0).color).toBe('--hue-red')
  })

  it.each([
    ['#F2495C', '--hue-red'],
    ['#73BF69', '--hue-green'],
    ['#EAB839', '--hue-yellow'],
    ['rgba(204, 204, 204, 0.8)', '--hue-grey'],
    ['super-light-blue', '--hue-blue'],
    ['text', undefined],
    ['#FF780A', '--hue-orange'],
    ['#B877D9', '--hue-purple'],
  ])('%s is the hue %s', (color, hue) => {
    expect(hueOf(color)).toBe(hue)
  })
})

describe('transformations', () => {
  const two = [
    ...framesOf(vector([{ pod: 'a' }, '1'], [{ pod: 'b' }, '2']), asked({ format: 'table', refId: 'A' }), 2),
    ...framesOf(vector([{ pod: 'b' }, '5'], [{ pod: 'c' }, '6']), asked({ format: 'table', refId: 'B' }), 2),
  ]
  const apply = (frames: readonly Frame[], ...list: { id: string; options?: object }[]) =>
    applyTransformations(
      frames,
      list.map(({ id, options = {} }) => ({ id, options: { ...options } })),
    )

  it('joins by a field, orders, renames and leaves out', () => {
    const { frames } = apply(
      two,
      { id: 'seriesToColumns', options: { byField: 'pod' } },
      {
        id: 'organize',
        options: {
          excludeByName: { 'Time 1': true, 'Time 2': true },
          indexByName: { pod: 2, 'Value #A': 1, 'Value #B': 0 },
          renameByName: { 'Value #A': 'Used', pod: 'Pod' },
        },
      },
    )
    expect(frames[0]?.fields.map(({ name, values }) => [name, values])).toEqual([
      ['Value #B', [null, 5, 6]],
      ['Used', [1, 2, null]],
      ['Pod', ['a', 'b', 'c']],
    ])
  })

  it('merges rows that have the same', () => {
    expect(table(apply(two, { id: 'merge' }).frames[0])).toMatchObject({
      pod: ['a', 'b', 'c'],
      'Value #A': [1, 2, null],
      'Value #B': [null, 5, 6],
    })
  })

  it('merges a row into the one of several it says nothing against', () => {
    const frames = [
      framesOf(
        vector([{ m: 'a', v: '1' }, '1'], [{ m: 'a', v: '2' }, '2']),
        asked({ format: 'table', refId: 'A' }),
        3,
      ),
      framesOf(vector([{ m: 'a', v: '2' }, '20']), asked({ format: 'table', refId: 'B' }), 3),
      framesOf(vector([{ m: 'a' }, '7']), asked({ format: 'table', refId: 'C' }), 3),
    ].flat()
    expect(table(apply(frames, { id: 'merge' }).frames[0])).toMatchObject({
      v: ['1', '2'],
      'Value #A': [1, 2],
      'Value #B': [null, 20],
      'Value #C': [7, null],
    })
  })

  it('reduces series to rows', () => {
    const frames = framesOf(
      vector([{ job: 'a' }, '1'], [{ job: 'b' }, '2']),
      asked({ legendFormat: '{{job}}' }),
      1,
    )
    expect(table(apply(frames, { id: 'reduce', options: { reducers: ['max', 'mean'] } }).frames[0])).toEqual({
      Field: ['a', 'b'],
      Max: [1, 2],
      Mean: [1, 2],
    })
  })

  it('makes columns of labels', () => {
    const frames = framesOf(vector([{ job: 'a', x: 'y' }, '1']), asked({}), 1)
    const result = apply(frames, { id: 'labelsToFields', options: { keepLabels: ['job'] } }).frames[0]
    expect(table(result)).toEqual({ Time: [100_000], job: ['a'], Value: [1] })
  })

  it('filters fields and rows, sorts and cuts', () => {
    const result = apply(
      two.slice(0, 1),
      { id: 'filterFieldsByName', options: { include: { pattern: '/pod|Value/' } } },
      { id: 'sortBy', options: { sort: [{ field: 'pod', desc: true }] } },
      {
        id: 'filterByValue',
        options: {
          type: 'include',
          match: 'any',
          filters: [{ fieldName: 'Value #A', config: { id: 'greater', options: { value: 0 } } }],
        },
      },
      { id: 'limit', options: { limitField: 1 } },
    )
    expect(table(result.frames[0])).toEqual({ pod: ['b'], 'Value #A': [2] })
  })

  it('calculates fields', () => {
    const joined = apply(two, { id: 'joinByField', options: { byField: 'pod', mode: 'inner' } }).frames
    const options = {
      mode: 'reduceRow',
      reduce: { reducer: 'sum', include: ['Value #A', 'Value #B'] },
      alias: 'Both',
    }
    expect(table(apply(joined, { id: 'calculateField', options }).frames[0])).toMatchObject({ Both: [7] })
  })

  it('groups', () => {
    const fields = {
      pod: { operation: 'groupby' },
      'Value #A': { operation: 'aggregate', aggregations: ['sum'] },
    }
    const result = apply(two.slice(0, 1), { id: 'groupBy', options: { fields } }).frames[0]
    expect(table(result)).toEqual({ pod: ['a', 'b'], 'Value #A (sum)': [1, 2] })
  })

  it('names what it does not know', () => {
    expect(apply(two, { id: 'heatmap' }, { id: 'limit', options: { limitField: 1 } }).unknown).toEqual([
      'heatmap',
    ])
  })
})
