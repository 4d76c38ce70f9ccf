import { describe, expect, it } from 'vitest'
import { takeStats } from './take-stats.ts'

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
