import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  ensureTools,
  type Prometheus,
  type PrometheusVersion,
  type RuleGroup,
  startPrometheus,
  temporaryDir,
} from '@gatehouse/local'
import { callApi } from './prometheus-api.ts'

/**
 * Two Prometheus servers that scrape and evaluate rules: `one` holds the tenants `a`, `b` and `d`, `two` holds `c`. Every tenant exposes
 * `app_requests_total` with an exemplar, `app_seconds` and a metric of its own, `only_<tenant>`.
 */
export interface ScrapedShards {
  readonly one: Prometheus
  readonly two: Prometheus
  close(): Promise<void>
}

const expose = (tenant: string): string => `# HELP app_requests Requests.
# TYPE app_requests counter
app_requests_total{path="/"} 5 # {trace_id="trace-of-${tenant}"} 1
# HELP app_seconds Durations.
# TYPE app_seconds histogram
app_seconds_bucket{le="1.0"} 1
app_seconds_bucket{le="+Inf"} 2
app_seconds_count 2
app_seconds_sum 3
# HELP only_${tenant} Known to ${tenant} only.
# TYPE only_${tenant} gauge
only_${tenant} 1
# EOF
`

/** What mixed rule groups look like: rules of `a`, of `b`, of nobody, and such that speak of more than their own. */
const rules: readonly RuleGroup[] = [
  {
    name: 'mixed',
    interval: '1s',
    rules: [
      { record: 'a:own', expr: 'sum(app_requests_total{tenant="a"})', labels: { tenant: 'a' } },
      { record: 'a:of_all', expr: 'sum(only_b) + sum(app_requests_total)', labels: { tenant: 'a' } },
      { record: 'b:own', expr: 'sum(app_requests_total{tenant="b"})', labels: { tenant: 'b' } },
      { record: 'of:nobody', expr: 'sum(only_b)' },
      {
        alert: 'OwnOfA',
        expr: 'app_requests_total{tenant="a"} > 0',
        labels: { tenant: 'a', severity: 'page' },
        annotations: {
          summary: '{{ $labels.tenant }} has {{ $value }}: too slow a query',
          foreign: '{{ with query "only_b" }}{{ . | first | label "instance" }} hunter2{{ end }}',
        },
      },
      { alert: 'NeverOfA', expr: 'app_requests_total{tenant="a"} > 1e9', labels: { tenant: 'a' } },
      { alert: 'OwnOfB', expr: 'app_requests_total{tenant="b"} > 0', labels: { tenant: 'b' } },
      {
        alert: 'Everybody',
        expr: 'app_requests_total > 0',
        annotations: { summary: 'of {{ $labels.tenant }}' },
      },
    ],
  },
  { name: 'of-b', interval: '1s', rules: [{ record: 'b:two', expr: 'vector(1)', labels: { tenant: 'b' } }] },
]

async function startExposer() {
  const server = createServer((message, res) => {
    res.setHeader('content-type', 'application/openmetrics-text; version=1.0.0; charset=utf-8')
    res.end(expose(message.url?.slice(1, 2) ?? ''))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, target: `127.0.0.1:${(server.address() as AddressInfo).port}` }
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(200))
    if (await holds()) return
  throw new Error(`waited in vain for ${what}`)
}

/** Starts the servers and waits until they have scraped, and evaluated their rules. */
export async function startScrapedShards(version: PrometheusVersion = '2'): Promise<ScrapedShards> {
  await ensureTools([`prometheus-${version}`])
  const dir = temporaryDir()
  const { server, target } = await startExposer()
  const start = (name: string, tenants: readonly string[], ruleGroups: readonly RuleGroup[]) =>
    startPrometheus({
      version,
      dataDir: join(dir.path, name),
      flags: ['--enable-feature=exemplar-storage'],
      externalLabels: { shard: name },
      ruleGroups,
      config: {
        global: { scrape_interval: '1s', evaluation_interval: '1s' },
        scrape_configs: tenants.map((tenant) => ({
          job_name: `app-${tenant}`,
          metrics_path: `/${tenant}`,
          params: { token: ['hunter2'] },
          static_configs: [{ targets: [target], labels: { tenant, team: tenant === 'a' ? 'x' : 'y' } }],
        })),
      },
    })
  const [one, two] = await Promise.all([start('one', ['a', 'b', 'd'], rules), start('two', ['c'], [])])
  await until('scrapes and rules', async () => {
    const [{ json: alerts }, { json: of }, { json: exemplars }] = await Promise.all([
      callApi(one.url, 'alerts', { method: 'GET' }),
      callApi(two.url, 'query', { parameters: { query: 'app_requests_total' } }),
      callApi(two.url, 'query_exemplars', { parameters: { query: 'app_requests_total' } }),
    ])
    return alerts.data.alerts.length >= 5 && of.data.result.length === 1 && exemplars.data.length === 1
  })
  return {
    one,
    two,
    async close() {
      await Promise.all([one.stop(), two.stop()])
      server.close()
      server.closeAllConnections()
      dir.remove()
    },
  }
}

/** YAML of the two shards, as an access document wants them. */
export function scrapedShardsYaml({ one, two }: ScrapedShards): string {
  return `
          - { name: one, tenants: [a, b], replicas: [{ name: one-a, url: "${one.url}" }] }
          - { name: two, tenants: [c], replicas: [{ name: two-a, url: "${two.url}" }] }`
}
