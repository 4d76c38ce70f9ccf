import { entries } from './entry.ts'

const plain = ['sum', 'avg', 'count', 'group', 'min', 'max', 'stddev', 'stdvar']
const clauses = [
  '',
  'by (env)',
  'by (tenant)',
  'by (tenant, env)',
  'without (instance)',
  'without (tenant, team, instance)',
  'by (missing)',
]
const inputs = ['temperature', 'load1', 'special', 'flicker']

const each = plain.flatMap((op) => [
  ...clauses.map((clause) => `${op} ${clause} (temperature)`),
  ...inputs.slice(1).map((input) => `${op} by (kind, env) (${input})`),
  `${op}(rate(http_requests_total[5m]))`,
  `${op}(sum by (instance) (temperature))`,
  `${op}(nothing)`,
  `${op}(holes * 2)`,
  `${op} by (job) (-temperature)`,
  // Means that differ in their last digits.
  `${op}((quota{tenant="a"} * 0 + 1.7e18) or (quota{tenant="f"} * 0 + (1.7e18 + 1024)))`,
])

const quantiles = ['0.5', '0.95', '-1', '2', 'NaN', '0', '1'].flatMap((phi) => [
  `quantile(${phi}, temperature)`,
  `quantile by (env) (${phi}, load1)`,
])

const selections = ['topk', 'bottomk'].flatMap((op) => [
  `${op}(3, load1)`,
  `${op} by (env) (2, load1)`,
  `${op} by (tenant) (1, load1)`,
  `${op} without (instance, env) (1, load1)`,
  `${op}(100, load1)`,
  `${op}(0, load1)`,
  `${op}(-1, load1)`,
  `${op}(2.9, load1)`,
  `${op}(2, sum by (instance) (load1))`,
  `${op}(scalar(count(lone)), load1)`,
  `${op}(2, rate(http_requests_total{code="200"}[5m]))`,
  `${op}(3, special{kind="always"})`,
  `${op}(2, quota * 2)`,
  `${op}(2, nothing)`,
])

const values = [
  'count_values("value", state)',
  'count_values by (job) ("value", state)',
  'count_values by (tenant) ("value", state)',
  'count_values without (tenant, team) ("value", state)',
  'count_values("value", sum by (env) (quota))',
  'count_values("value", special)',
  'count_values("value", tiny)',
  'count_values("value", huge)',
  'count_values("tenant", state)',
  'count_values by (tenant) ("tenant", state)',
  'count_values by (tenant) (("tenant"), up)',
  'count_values without (instance, env, team) ("tenant", up)',
  'count_values("value", sum by (kind) (special))',
  'count_values by (env) ("env", up)',
  'sum(count_values("value", state))',
  'count_values("value", count_values("inner", state))',
  'count_values("bad-name", sum(state))',
]

const nested = [
  'sum(avg by (env) (temperature))',
  'avg(sum by (env) (temperature))',
  'max(min by (tenant) (temperature))',
  'stddev(sum by (tenant) (temperature))',
  'count(count by (env) (temperature))',
  'sum(topk(3, load1))',
  'topk(1, sum by (env) (temperature))',
  'quantile(0.5, avg by (tenant) (temperature))',
  'sum(quantile by (env) (0.5, temperature))',
  'avg(avg by (tenant) (temperature))',
  'sum(stddev by (env) (temperature))',
  'sum by (env) (temperature) / count by (env) (temperature)',
  'sum(rate(http_requests_total{code="500"}[5m])) / sum(rate(http_requests_total[5m]))',
  'avg by (tenant) (temperature) / on () group_left () avg(temperature)',
  'sum(temperature) by (env)',
  'avg(huge)',
  'avg(tiny)',
  'avg(quota * 1e306)',
  'stdvar(quota * 1e100)',
  'stddev(temperature - temperature)',
  'stdvar(up * 0.1)',
  'sum(up) by (job) > 0',
]

const histograms = [
  'count(native)',
  'group by (job) (native)',
  'count by (tenant) (native)',
  'sum(native)',
  'avg by (job) (native)',
  'sum by (tenant) (native)',
  'sum(native{tenant="a"})',
  'sum(rate(native[5m]))',
  'sum(mixed)',
  'avg(mixed)',
  'sum by (tenant) (mixed)',
  'count(mixed)',
  'min(native)',
  'quantile(0.5, mixed)',
]

export const aggregations = [
  ...entries('aggregations', [...each, ...quantiles, ...selections, ...values, ...nested]),
  ...entries('native histograms', histograms),
  // Before 3.0 histograms count as 0 here, and the outcome depends on the order of storage.
  ...entries(
    'native histograms',
    ['topk(2, native)', 'bottomk(2, mixed)', 'stddev(mixed)', 'stdvar by (job) (mixed)'],
    { only: '3' },
  ),
  ...entries(
    'ordered selections',
    ['topk(5, load1)', 'bottomk(5, load1)', 'topk(3, sum by (instance) (load1))', 'bottomk(4, quota)'],
    {
      ordered: true,
    },
  ),
  ...entries(
    'limits',
    [
      'count(limitk(3, temperature))',
      'count by (env) (limitk by (env) (2, temperature))',
      'limitk(100, temperature)',
      'limitk(0, temperature)',
      'count(limitk(2, sum by (instance) (temperature)))',
      'limit_ratio(0.5, temperature)',
      'limit_ratio(-0.5, temperature)',
      'limit_ratio(1, sum by (tenant) (temperature))',
      'count(limit_ratio(0.3, load1))',
      'sum(limit_ratio(0.7, up))',
    ],
    { only: '3' },
  ),
]
