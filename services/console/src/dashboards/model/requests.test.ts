import { describe, expect, it } from 'vitest'
import { readBoard } from './board.ts'
import { fixedValue, type Values } from './interpolate.ts'
import type { Panel } from './panel.ts'
import { linkUrl, panelRange, requestKey, requestsOf, safeUrl } from './requests.ts'

function panel(json: object): Panel {
  const found = readBoard({ panels: [json] }).rows[0]?.panels[0]
  if (found === undefined) throw new Error('no panel')
  return found
}
const values: Values = new Map([
  ['resolution', fixedValue('30s')],
  ['ds', fixedValue('metrics')],
])
const input = {
  values,
  range: { from: 1_700_000_003_000, to: 1_700_003_603_000 },
  width: 1_000,
  sourceOf: (uid: string | undefined) => (uid === 'metrics' ? 'metrics' : 'default'),
  dashboardUid: 'board',
}

describe('queries of a panel', () => {
  it('a range query is aligned to its step; the intervals stand in its text', () => {
    const { requests } = requestsOf(
      panel({
        targets: [
          { expr: 'rate(a[$__rate_interval]) + $__range_s + rate(b[$__interval])', interval: '$resolution' },
        ],
      }),
      input,
    )
    expect(requests).toMatchObject([
      {
        source: 'default',
        expr: 'rate(a[2m]) + 3600 + rate(b[30s])',
        start: 1_699_999_980,
        end: 1_700_003_580,
        step: 30,
      },
    ])
  })

  it('an instant query is asked at the end, and both are two', () => {
    const { requests } = requestsOf(
      panel({ datasource: { uid: '${ds}' }, targets: [{ expr: 'a', instant: true, range: true }] }),
      input,
    )
    expect(requests.map(({ source, end, step }) => [source, end, step])).toEqual([
      ['metrics', 1_700_003_595, 15],
      ['metrics', 1_700_003_603, undefined],
    ])
  })

  it('what is hidden or empty is not asked; what is not Prometheus says why', () => {
    const { requests, refusals } = requestsOf(
      panel({
        datasource: { type: 'datasource', uid: '-- Mixed --' },
        targets: [
          { expr: 'a', hide: true },
          { expr: '' },
          { rawSql: 'select', datasource: { type: 'postgres', uid: 'x' } },
          { expr: 'b', datasource: { type: 'prometheus', uid: 'y' } },
        ],
      }),
      input,
    )
    expect(requests.map(({ expr }) => expr)).toEqual(['b'])
    expect(refusals).toEqual(['Its data source is of the type postgres, not Prometheus.'])
  })

  it('a variable that stands for nothing keeps a query from sources that are not one’s own', () => {
    const one = panel({ targets: [{ expr: 'a{x="$x"}' }, { expr: 'b' }] })
    const empty = new Set(['x'])
    const asked = (own: string[]) => requestsOf(one, { ...input, empty, ownSources: new Set(own) })
    expect(asked([])).toMatchObject({ requests: [{ expr: 'b' }], lacking: ['x'] })
    expect(asked(['default']).requests.map(({ expr }) => expr)).toEqual(['a{x="$x"}', 'b'])
  })

  it('variables stand in the names of its series, and with others it is asked anew', () => {
    const one = panel({ targets: [{ expr: 'a', legendFormat: '{{job}} over $window of $__range' }] })
    const asked = (window: string) =>
      requestsOf(one, { ...input, values: new Map([['window', fixedValue(window)]]) }).requests
    expect(asked('5m').map(({ legend }) => legend)).toEqual(['{{job}} over 5m of 3600s'])
    expect(asked('5m').map(requestKey)).toEqual(asked('5m').map(requestKey))
    expect(asked('5m').map(requestKey)).not.toEqual(asked('1h').map(requestKey))
  })

  it('a panel may have a range of its own', () => {
    expect(panelRange(panel({ timeFrom: '1h', timeShift: '1d' }), { from: 0, to: 100_000_000 })).toEqual({
      from: 10_000_000,
      to: 13_600_000,
    })
  })
})

describe('links', () => {
  const state = {
    values: new Map([['env', fixedValue('a b')]]),
    range: { from: 'now-1h', to: 'now' },
    variables: 'var-env=a+b',
  }
  it.each([
    ['/d/x?var-env=${env:percentencode}', false, false, '/d/x?var-env=a%20b'],
    ['/d/x', true, true, '/d/x?from=now-1h&to=now&var-env=a+b'],
    ['/d/x?${__all_variables}&x=1', false, false, '/d/x?var-env=a+b&x=1'],
    ['/d/x?${__url_time_range}', false, false, '/d/x?from=now-1h&to=now'],
  ])('%s', (url, keepTime, includeVars, result) => {
    expect(linkUrl(url, { keepTime, includeVars }, state)).toBe(result)
  })

  it('to a dashboard of Grafana lead to the same one here', () => {
    expect(safeUrl('/d/abc/some-title?var-x=1')).toBe('/dashboards/abc?var-x=1')
    expect(safeUrl('/d/abc')).toBe('/dashboards/abc')
    expect(safeUrl('/data/abc')).toBe('/data/abc')
  })

  it.each([
    ['https://example.org', true],
    ['/d/x', true],
    ['mailto:a@example.org', true],
    ['javascript:alert(1)', false],
    [' JavaScript:alert(1)', false],
    ['data:text/html,x', false],
  ])('%s may be followed: %s', (url, may) => {
    expect(safeUrl(url) !== undefined).toBe(may)
  })
})
