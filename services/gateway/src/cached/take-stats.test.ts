import { describe, expect, it } from 'vitest'
import { readStats, takeStats } from './take-stats.ts'

const stats =
  '"stats":{"timings":{"evalTotalTime":0.1},"samples":{"totalQueryableSamples":42,"peakSamples":2}}'
const data = (rest: string, result = '[]'): string =>
  `{"status":"success","data":{"resultType":"matrix","result":${result}${rest}}`

describe('takeStats', () => {
  it.each([
    ['behind the result', data(`,${stats}}`), data('}'), 42],
    ['before notes', data(`,${stats}},"infos":["x"]`), data('},"infos":["x"]'), 42],
    ['none', data('}'), data('}'), undefined],
    [
      'unlike Prometheus’s',
      data(',"stats":{"seriesFetched":"1"}}'),
      data(',"stats":{"seriesFetched":"1"}}'),
      undefined,
    ],
    [
      'in a label',
      data('}', `[{"metric":{"a":",\\"stats\\":{","stats":"{}"},"values":[[1,"1"]]}]`),
      data('}', `[{"metric":{"a":",\\"stats\\":{","stats":"{}"},"values":[[1,"1"]]}]`),
      undefined,
    ],
  ])('%s', (_name, body, without, samples) => {
    const taken = takeStats(Buffer.from(body))
    expect([taken.body.toString(), taken.samples]).toEqual([without, samples])
  })
})

describe('readStats', () => {
  const perStep = '"totalQueryableSamplesPerStep":[[1,40],[2,2]],'
  it.each([
    ['behind the result', data(`,${stats}}`), 42],
    ['of every step', data(`,${stats.replace('"totalQ', `${perStep}"totalQ`)}},"infos":["x"]`), 42],
    ['none', data('}'), undefined],
    ['in a label', data('}', '[{"metric":{"totalQueryableSamples":"7"},"values":[]}]'), undefined],
    ['in a note', data('},"infos":["\\"totalQueryableSamples\\":7"]'), undefined],
  ])('%s', (_name, text, samples) => {
    const body = Buffer.from(text)
    expect(readStats(body)).toEqual({ body: Buffer.from(text), samples })
  })
})
