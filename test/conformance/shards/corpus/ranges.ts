import { entries } from './entry.ts'

/** Range functions by what their other arguments are. */
const plain = (
  'avg_over_time changes count_over_time delta deriv idelta increase irate last_over_time mad_over_time max_over_time ' +
  'min_over_time present_over_time rate resets stddev_over_time stdvar_over_time sum_over_time'
).split(' ')

const calls: readonly ((range: string) => string)[] = [
  ...plain.map((name) => (range: string) => `${name}(${range})`),
  (range) => `quantile_over_time(0.7, ${range})`,
  (range) => `predict_linear(${range}, 300)`,
]

const smoothing: readonly ((range: string) => string)[] = [(range) => `(${range}, 0.3, 0.6)`]

const ranges = [
  'temperature[5m]',
  'http_requests_total{code="500"}[7m]',
  'temperature[10m:1m]',
  'sum by (code) (http_requests_total)[10m:45s]',
  'sum(flicker)[6m:30s]',
  'max by (kind) (special)[5m:1m]',
]

const wrapped = [
  ...plain.map((name) => `sum by (env) (${name}(temperature[6m]))`),
  ...plain.map((name) => `quantile(0.3, ${name}(max by (env) (load1)[6m:1m]))`),
]

const own = [
  'rate(http_requests_total[5m])',
  'rate(sum by (job) (http_requests_total)[5m:30s])',
  'rate(http_requests_total[1m])',
  'rate(nothing[5m])',
  'rate({job="api"}[5m])',
  'increase(http_requests_total{code="500"}[30m])',
  'increase(sum(http_requests_total{code="500"})[30m:1m])',
  'rate(max(http_requests_total)[7m:13s])',
  'rate(native[5m])',
  'increase(native{job="api"}[10m])',
  'rate(mixed[5m])',
  'last_over_time(native[5m])',
  'count_over_time(native[5m])',
  'count_over_time(mixed[5m])',
  'present_over_time(mixed[5m])',
  'quantile_over_time(-1, temperature[5m])',
  'quantile_over_time(2, sum(temperature)[5m:1m])',
  'quantile_over_time(0.5, sum by (kind) (special)[5m:1m])',
  'quantile_over_time(scalar(lone) / 20, temperature[5m])',
  'quantile_over_time(scalar(lone) / 20, temperature[5m:1m])',
  'quantile_over_time(scalar(lone) / 20, sum(temperature)[5m:1m])',
  'quantile_over_time(0.3, temperature[5m] offset 2m)',
  'quantile_over_time(scalar(sum(temperature)) / 1000, temperature[5m])',
  'predict_linear(temperature[10m], scalar(count(temperature)))',
  'predict_linear(temperature[10m], -60)',
  'predict_linear(temperature[10m], scalar(lone) * 60)',
  'predict_linear(sum(temperature)[10m:1m], scalar(lone) * 60)',
  'predict_linear(sum(quota)[10m:1m], 3600)',
  'predict_linear(max(special{kind="inf"})[10m:1m], 60)',
  'predict_linear(temperature[10m] @ 1700003000, scalar(lone) * 60)',
  'predict_linear(temperature[10m] offset 3m, scalar(lone) * 60)',
  'deriv(sum(quota)[10m:1m])',
  'deriv(sum(temperature)[90s:1m])',
  'deriv(sum(temperature)[30s:1m])',
  'changes(sum(state)[20m:30s])',
  'resets(sum(state)[20m:30s])',
  'changes(state[20m])',
  'changes(max by (kind) (special)[10m:30s])',
  'resets(max by (kind) (special)[10m:30s])',
  'max_over_time(max by (kind) (special)[10m:30s])',
  'min_over_time(min by (kind) (special)[10m:30s])',
  'avg_over_time(max by (kind) (special)[10m:30s])',
  'sum_over_time(max by (kind) (special)[10m:30s])',
  'sum_over_time(sum(huge)[10m:30s])',
  'avg_over_time(sum(tiny)[10m:30s])',
  'stddev_over_time(sum(quota)[10m:30s])',
  'stdvar_over_time(load1[10m])',
  'irate(sum(http_requests_total)[5m:1m])',
  'idelta(sum(temperature)[5m:1m])',
  'last_over_time(sum(flicker)[5m:30s])',
  'last_over_time(topk(1, load1)[5m:1m])',
  'rate(topk(1, load1)[5m:1m])',
  'increase(topk(1, load1)[20s:15s])',
  'rate(topk(2, http_requests_total)[5m:1m])',
  'last_over_time(temperature[5m:1m])',
  'count_over_time(topk(2, load1)[20m:1m])',
  'count_over_time((sum(temperature) > 300)[20m:1m])',
  'sum_over_time((sum by (env) (temperature) > bool 150)[20m:1m])',
  'max_over_time({__name__=~"temperature|temperature_limit"}[5m])',
  'last_over_time({__name__=~"temperature|temperature_limit"}[5m])',
]

const subqueries = [
  'max_over_time(rate(http_requests_total[5m])[30m:5m])',
  'max_over_time(sum(rate(http_requests_total[5m]))[30m:5m])',
  'avg_over_time(sum by (code) (rate(http_requests_total[5m]))[30m:])',
  'max_over_time((sum(temperature) - 1)[10m:1m])',
  'max_over_time(avg_over_time(temperature[5m])[10m:1m])',
  'max_over_time(avg_over_time(sum(temperature)[5m:1m])[10m:2m])',
  'max_over_time(avg_over_time(sum(temperature)[5m:37s])[10m:101s])',
  'max_over_time(min_over_time(avg_over_time(sum(temperature)[3m:30s])[5m:1m])[10m:2m])',
  'sum_over_time(absent(flicker{instance="a-0"})[10m:30s])',
  'sum_over_time(absent(nothing)[10m:1m])',
  'sum_over_time(vector(1)[10m:1m])',
  'avg_over_time(vector(time())[10m:1m])',
  'max_over_time(vector(scalar(sum(temperature)))[10m:1m])',
  'rate(sum(http_requests_total)[5m:])',
  'count_over_time(sum(temperature)[1h:10s])',
  'count_over_time(sum(temperature)[1h:1s])',
  'count_over_time(sum(temperature)[4h:1s])',
  'max_over_time(sum(temperature)[10s:1m])',
  'max_over_time(quantile(0.5, temperature)[10m:1m])',
  'max_over_time(histogram_quantile(0.9, sum by (le) (rate(latency_bucket[5m])))[10m:1m])',
  'max_over_time((temperature * on (instance) group_left (rack) node_meta)[10m:1m])',
  'max_over_time((sum(temperature) / sum(temperature_limit))[10m:1m] offset 1m)',
  'sum(max_over_time(sum by (instance) (temperature)[10m:1m]))',
  'avg_over_time(count_values("value", state)[10m:1m])',
  'max_over_time(label_replace(sum(temperature), "a", "b", "", "")[10m:1m])',
  'min_over_time(sort(sum by (env) (temperature))[10m:1m])',
  'quantile_over_time(0.5, stddev(temperature)[10m:1m])',
]

// Windows whose first or last sample lies between one and two spacings from the bound, where extrapolation changes.
const edges = [13, 17, 19, 23, 29, 31, 37, 41, 43, 47].flatMap((step) => [
  `delta(sum by (instance) (flicker)[4m:${step}s])`,
  `rate(sum by (code, instance) (http_requests_total)[3m:${step}s])`,
])

// Windows, offsets and fixed times that reach further back than any shard with recent samples does.
const long = [
  ...['avg', 'count', 'last', 'max', 'min', 'present', 'stddev', 'stdvar', 'sum'].map(
    (name) => `${name}_over_time(holes[70m])`,
  ),
  ...['changes', 'delta', 'deriv', 'idelta', 'increase', 'irate', 'rate', 'resets'].flatMap((name) => [
    `${name}(http_requests_total{code="500"}[65m])`,
    `sum by (env) (${name}(http_requests_total[66m]))`,
  ]),
  'quantile_over_time(0.9, temperature[63m])',
  'predict_linear(temperature[68m], 600)',
  'mad_over_time(flicker[64m])',
  'absent_over_time(flicker{instance="a-0"}[70m])',
  'absent_over_time(nothing{job="x"}[70m])',
  'count_over_time(native[70m])',
  'rate(native[70m])',
  'sum(rate({__name__=~"http_requests_total|quota"}[70m]))',
  'last_over_time({tenant="b"}[67m])',
  'max_over_time(temperature[70m] offset 5m)',
  'max_over_time(temperature[62m] @ end())',
  'max_over_time(temperature[62m] @ start() offset -50m)',
  'max_over_time(sum(temperature)[70m:1m])',
  'max_over_time(rate(http_requests_total[10m])[65m:2m])',
  'max_over_time(max_over_time(temperature[40m])[40m:5m])',
  'avg_over_time(temperature[70m:])',
  'temperature - temperature offset 61m',
  'sum(temperature) / sum(temperature offset 70m)',
  'temperature - temperature @ start()',
  'rate(http_requests_total[5m]) / rate(http_requests_total[5m] offset 1h)',
  'temperature > avg_over_time(temperature[70m])',
  'flicker and on (instance) (holes offset 65m)',
  'temperature offset 20m unless flicker offset 70m',
  'label_replace(flicker, "instance", "all", "instance", "a-0")',
  'label_replace(lone, "job", "$1-x", "job", "(.*)")',
  'label_join(temperature, "place", "/", "env", "instance")',
  '-{tenant="a",job="node"}',
  '-temperature',
  'topk(2, temperature)',
  'topk by (env) (1, max_over_time(temperature[70m]))',
  'quantile(0.5, temperature offset 5m)',
  'scalar(lone) + sum(temperature)',
  'scalar(lone offset 66m) + time()',
  'histogram_quantile(0.9, sum by (le) (rate(latency_bucket[70m])))',
  'histogram_quantile(0.9, latency_bucket)',
  'timestamp(temperature)',
  'timestamp(temperature offset 61m)',
  'count_values("v", state)',
  'absent(flicker{instance="a-0"})',
  'sort_desc(quota)',
]

// The step is the servers' evaluation interval, at multiples of it.
const stepless = [
  'count_over_time(temperature[10m:])',
  'sum_over_time(sum(temperature)[10m:])',
  'max_over_time(sum by (tenant) (temperature)[10m:] offset 1m)',
  'rate(http_requests_total[10m:])',
  'max_over_time(min_over_time(temperature[3m:])[10m:])',
  'max_over_time(min_over_time(sum(temperature)[3m:])[10m:1m])',
  'timestamp(last_over_time(sum(temperature)[5m:]))',
  'avg_over_time(sum(flicker)[10m:] @ 1700003000)',
]

export const rangeFunctions = [
  ...entries(
    'range functions',
    calls.flatMap((call) => ranges.map(call)),
  ),
  ...entries(
    'range functions',
    smoothing.flatMap((call) => ranges.map((range) => `holt_winters${call(range)}`)),
    { only: '2' },
  ),
  ...entries(
    'range functions',
    smoothing.flatMap((call) => ranges.map((range) => `double_exponential_smoothing${call(range)}`)),
    { only: '3' },
  ),
  ...entries(
    'range functions',
    ['holt_winters(sum(temperature)[5m:1m], 2, 0.5)', 'holt_winters(sum(temperature)[5m:1m], 0.2, 0)'],
    {
      only: '2',
    },
  ),
  ...entries(
    'range functions',
    [
      'double_exponential_smoothing(sum(temperature)[5m:1m], 2, 0.5)',
      'double_exponential_smoothing(temperature[5m], scalar(lone) / 20, 0.5)',
      ...['last', 'max', 'min'].flatMap((which) =>
        ranges.map((range) => `ts_of_${which}_over_time(${range})`),
      ),
    ],
    { only: '3' },
  ),
  ...entries('range functions', wrapped),
  ...entries('range functions', own),
  ...entries('range functions', edges),
  ...entries('sub-queries', [...subqueries, ...stepless]),
  ...entries('long windows', long),
  ...entries(
    'long windows',
    [
      'temperature[66m] @ 1700004217',
      'temperature[62m]',
      'holes[70m] offset 1m',
      'native[70m]',
      '{tenant="c"}[65m]',
    ],
    {
      instantOnly: true,
    },
  ),
]
