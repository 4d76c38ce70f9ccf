import { instantRequest, labelsRequest, rangeRequest, rulesRequest } from '@gatehouse/query'
import { describe, expect, it } from 'vitest'
import { fillableOf } from './may-fill.ts'
import { putTogether } from './put-together.ts'

const instant = (query: string, options: object = {}) =>
  instantRequest(query as never, 0, { timeout: 1_000, ...options })

describe('what may be put together', () => {
  it.each([
    'up',
    '(up)',
    '-up',
    'up offset 5m',
    'rate(up[5m])',
    'round(rate(up[5m]), 0.1)',
    'quantile_over_time(0.9, up[5m])',
    'sum by (a) (rate(up[5m]))',
    'avg(up) * 100',
    '1 - (-2 * up)',
  ])('%s', (query) => {
    expect(fillableOf(instant(query))).toBe('samples')
    const range = rangeRequest(query as never, { start: 0, end: 60_000, step: 15_000 }, { timeout: 1 })
    expect(fillableOf(range)).toBe('samples')
  })

  it.each([
    'up == 0',
    'up > bool 0',
    'up or down',
    'up and down',
    'up unless down',
    'up + down',
    'absent(up)',
    'absent_over_time(up[5m])',
    'topk(1, up)',
    'quantile(0.9, up)',
    'count_values("v", up)',
    'histogram_quantile(0.9, up)',
    'label_replace(up, "a", "b", "", "")',
    'sort(up)',
    'scalar(up)',
    'vector(1)',
    'time()',
    '1',
    'up[5m]',
    'max_over_time(up[5m:1m])',
    'max_over_time((up == 0)[5m:1m])',
    'sum(up == 0)',
    'rate(up[5m]) * scalar(up)',
    'clamp_max(up, scalar(down))',
  ])('not %s', (query) => expect(fillableOf(instant(query))).toBeUndefined())

  it('lists, but nothing with a limit or statistics, and no rules', () => {
    expect(fillableOf(labelsRequest(['up' as never], {}))).toBe('lists')
    expect(fillableOf(instant('up', { limit: 5 }))).toBeUndefined()
    expect(fillableOf(instant('up', { stats: 'all' }))).toBeUndefined()
    expect(fillableOf(rulesRequest(undefined))).toBeUndefined()
  })
})

const matrix = (...result: object[]): Buffer =>
  Buffer.from(JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } }))
const together = (...bodies: Buffer[]): unknown => JSON.parse(putTogether(bodies, 'samples').toString())

describe('answers put together', () => {
  it('keep what the first has, and take what it lacks from the next', () => {
    const one = matrix({
      metric: { a: '1' },
      values: [
        [0, '1'],
        [30, '3'],
      ],
    })
    const two = matrix(
      {
        metric: { a: '1' },
        values: [
          [0, '10'],
          [15, '20'],
          [30, '30'],
        ],
      },
      { metric: { a: '0' }, values: [[15.5, '5']] },
    )
    expect(together(one, two)).toEqual(
      JSON.parse(
        matrix(
          { metric: { a: '0' }, values: [[15.5, '5']] },
          {
            metric: { a: '1' },
            values: [
              [0, '1'],
              [15, '20'],
              [30, '3'],
            ],
          },
        ).toString(),
      ),
    )
    expect(putTogether([one, two], 'samples').toString()).toContain('[15.500,"5"]')
  })

  it('hold floats and native histograms of one series apart, one of them at a time', () => {
    const histogram = { count: '1', sum: '2' }
    const one = matrix({ metric: {}, histograms: [[0, histogram]] })
    const two = matrix({
      metric: {},
      values: [
        [0, '9'],
        [15, '1'],
      ],
    })
    expect(together(one, two)).toMatchObject({
      data: { result: [{ histograms: [[0, histogram]], values: [[15, '1']] }] },
    })
  })

  it('do not confuse labels that look alike', () => {
    const one = matrix({ metric: { a: 'b,c=d' }, values: [[0, '1']] })
    const two = matrix(
      { metric: { a: 'b', c: 'd' }, values: [[0, '2']] },
      { metric: { ['__proto__']: 'x' }, values: [[0, '3']] },
    )
    expect((together(one, two) as { data: { result: unknown[] } }).data.result).toHaveLength(3)
  })

  it('have the warnings of all, once', () => {
    const warned = Buffer.from(
      '{"status":"success","data":{"resultType":"vector","result":[]},"warnings":["w"],"infos":["i"]}',
    )
    expect(together(warned, warned)).toMatchObject({ warnings: ['w'], infos: ['i'] })
  })

  it('are an error if one is nothing of the kind', () => {
    expect(() => putTogether([matrix(), Buffer.from('{"status":"success","data":7}')], 'samples')).toThrow(
      'no usable answer',
    )
    expect(() => putTogether([matrix(), Buffer.from('<html>')], 'samples')).toThrow('no usable answer')
  })

  it('of lists are each member once, in order', () => {
    const list = (data: unknown): Buffer => Buffer.from(JSON.stringify({ status: 'success', data }))
    const answer = (...bodies: Buffer[]): unknown =>
      (JSON.parse(putTogether(bodies, 'lists').toString()) as { data: unknown }).data
    expect(answer(list(['b', 'c']), list(['a', 'b']))).toEqual(['a', 'b', 'c'])
    expect(answer(list([{ b: '1' }]), list([{ a: '1' }, { b: '1' }]))).toEqual([{ a: '1' }, { b: '1' }])
  })
})
