import { describe, expect, it } from 'vitest'
import { readBoard } from '../model/board.ts'
import type { PrometheusData } from '../model/prometheus-frames.ts'
import { grafanaBoard } from '../screens/grafana.ts'
import { publicAddress } from '../screens/share.tsx'
import { refreshMs } from './time-controls.tsx'
import { eventsOf, runnable } from './use-annotations.ts'

const { annotations } = readBoard({
  annotations: {
    list: [
      { name: 'Own', builtIn: 1, datasource: { type: 'grafana', uid: '-- Grafana --' } },
      { name: 'Other', datasource: { type: 'loki' }, expr: '{a="b"}' },
      {
        name: 'Deploys',
        datasource: '$ds',
        expr: 'x',
        titleFormat: '{{model}}',
        textFormat: 'to {{version}}',
        iconColor: 'red',
      },
    ],
  },
})

describe('annotations', () => {
  it('that ask Prometheus are run', () => {
    expect(runnable(annotations).map(({ name }) => name)).toEqual(['Deploys'])
  })

  it('are runs of samples that are not zero', () => {
    const [query] = runnable(annotations)
    const data: PrometheusData = {
      resultType: 'matrix',
      result: [
        {
          metric: { model: 'credit', version: '2' },
          values: [
            [60, '1'],
            [120, '1'],
            [180, '0'],
            [240, '1'],
            [600, '3'],
          ],
        },
      ],
    }
    expect(query && eventsOf(data, query, 60)).toEqual([
      { from: 60, to: 120, text: 'credit: to 2', color: '--hue-red' },
      { from: 240, text: 'credit: to 2', color: '--hue-red' },
      { from: 600, text: 'credit: to 2', color: '--hue-red' },
    ])
  })
})

describe('addresses', () => {
  it('a share link has its token behind the #, and no org', () => {
    expect(publicAddress('https://g.example', 'a b', 'org=x&var-env=prod&from=now-1h', 'secret')).toBe(
      'https://g.example/dashboards/shared/a%20b?var-env=prod&from=now-1h#secret',
    )
  })

  it('in Grafana has the same time and variables', () => {
    expect(grafanaBoard('https://grafana.example/', 'uid', 'org=x&var-env=prod')).toBe(
      'https://grafana.example/d/uid?var-env=prod',
    )
    expect(grafanaBoard(null, 'uid', '')).toBeUndefined()
  })
})

describe('reading again', () => {
  it.each([
    ['', undefined],
    ['1m', 60_000],
    ['1s', 5_000],
    ['auto', 30_000],
    ['never', undefined],
  ])('%j', (text, ms) => {
    expect(refreshMs(text)).toBe(ms)
  })
})
