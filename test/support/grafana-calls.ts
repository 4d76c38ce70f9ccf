/** One call as Grafana's Prometheus data source sends it; times are seconds, `now` stands for the current one. */
export interface GrafanaCall {
  readonly when: string
  readonly method: 'GET' | 'POST'
  /** Below `/api/v1`. */
  readonly path: string
  readonly parameters: (now: number) => readonly (readonly [string, string])[]
  /** What the answer's `data` must look like, for `expect(data).toEqual`-like matching; undefined: any success. */
  readonly data?: unknown
}

const tenThousandHours = 36_000_000

/** The calls of Grafana 11 to 13, parameters that Prometheus does not know included. */
export const grafanaCalls: readonly GrafanaCall[] = [
  {
    when: 'save & test',
    method: 'POST',
    path: 'query',
    parameters: () => [
      ['query', '1+1'],
      ['time', '4'],
    ],
    data: { resultType: 'scalar', result: [4, '2'] },
  },
  { when: 'heuristics', method: 'GET', path: 'status/buildinfo', parameters: () => [] },
  { when: 'heuristics of older plugins', method: 'POST', path: 'status/buildinfo', parameters: () => [] },
  { when: 'data source page', method: 'GET', path: 'rules', parameters: () => [] },
  { when: 'data source page, POST', method: 'POST', path: 'rules', parameters: () => [] },
  {
    when: 'exemplar probe, in milliseconds',
    method: 'POST',
    path: 'query_exemplars',
    parameters: (now) => [
      ['query', 'test'],
      ['start', String((now - 3_600) * 1_000)],
      ['end', String(now * 1_000)],
    ],
    data: [],
  },
  {
    when: 'panel',
    method: 'POST',
    path: 'query_range',
    parameters: (now) => [
      ['query', 'rate(app_requests_total[1m15s])'],
      ['start', String(now - (now % 15) - 3_600)],
      ['end', String(now - (now % 15))],
      ['step', '15'],
      ['timeout', '55s'],
      ['max_samples_processed_warning_threshold', '1e6'],
    ],
  },
  {
    when: 'panel with a fractional step',
    method: 'POST',
    path: 'query_range',
    parameters: (now) => [
      ['query', 'app_requests_total'],
      ['start', `${now - 5}.5`],
      ['end', `${now}.5`],
      ['step', '0.25'],
    ],
  },
  {
    when: 'stat with query statistics',
    method: 'POST',
    path: 'query',
    parameters: (now) => [
      ['query', 'app_requests_total'],
      ['time', `${now}.123`],
      ['stats', 'all'],
    ],
  },
  {
    when: 'autocomplete',
    method: 'GET',
    path: 'label/__name__/values',
    parameters: (now) => [
      ['start', String(now - 3_600)],
      ['end', String(now)],
      ['limit', '40000'],
    ],
  },
  {
    when: 'metrics browser',
    method: 'GET',
    path: 'labels',
    parameters: (now) => [
      ['start', String(now - 3_600)],
      ['end', String(now)],
      ['match[]', '{__name__="app_requests_total"}'],
      ['limit', '0'],
    ],
  },
  {
    when: 'labels by POST',
    method: 'POST',
    path: 'labels',
    parameters: (now) => [
      ['start', String(now - 3_600)],
      ['end', String(now)],
    ],
  },
  {
    when: 'label values with an escaped name',
    method: 'GET',
    path: 'label/U__te_6e_ant/values',
    parameters: () => [['match[]', 'app_requests_total']],
    data: ['a', 'c'],
  },
  {
    when: 'series endpoint',
    method: 'POST',
    path: 'series',
    parameters: (now) => [
      ['match[]', '{__name__!=""}'],
      ['start', String(now - tenThousandHours)],
      ['end', String(now + tenThousandHours)],
    ],
  },
  { when: 'metadata', method: 'GET', path: 'metadata', parameters: () => [['limit', '40000']] },
  { when: 'drilldown', method: 'GET', path: 'metadata', parameters: () => [['metric', 'app_seconds']] },
  {
    when: 'drilldown’s burst',
    method: 'GET',
    path: 'query',
    parameters: () => [['query', 'count(app_requests_total)']],
  },
  {
    when: 'exemplars of a panel',
    method: 'POST',
    path: 'query_exemplars',
    parameters: (now) => [
      ['query', 'app_requests_total'],
      ['start', String(now - 3_600)],
      ['end', String(now + 60)],
    ],
  },
  {
    when: 'variable: label_values(app_requests_total, tenant)',
    method: 'GET',
    path: 'label/tenant/values',
    parameters: (now) => [
      ['match[]', 'app_requests_total'],
      ['start', String(now - 3_600)],
      ['end', String(now + 60)],
      ['limit', '0'],
    ],
    data: ['a', 'c'],
  },
  { when: 'alerting page', method: 'GET', path: 'alerts', parameters: () => [] },
]
