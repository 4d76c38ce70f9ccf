// How the cache answers the demo's dashboards while people look at them and now moves with the clock.
//   npm run bench -- dashboard-minutes [--minutes 10] [--people 3] [--json]
// Every panel query of the five boards, over six hours to now, asked again as often as the board says; samples go on coming.
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { interpolate, readDashboard } from '@gatehouse/authz'
import { demoDashboards, demoTargets } from '@gatehouse/local'
import { askRange, closeClient, type Target } from './dashboard/client.ts'
import { startServers } from './dashboard/servers.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    people: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
  },
})
const hours = 6
const step = 60
const refreshMs = 60_000
const scrapeSeconds = 15

/** Every value of a label, as a viewer sends it who chose all. */
function valuesOf(label: string): readonly string[] {
  const series = demoTargets(0).flatMap(({ labels, families }) =>
    families.flatMap((family) => family.series.map((one) => ({ ...one.labels, ...labels }))),
  )
  return [...new Set(series.map((labels: Readonly<Record<string, string>>) => labels[label] ?? ''))].filter(
    (value) => value !== '',
  )
}

const builtins = { __interval: '1m', __rate_interval: '4m', __range: '6h', __range_s: '21600' }

/** Queries of a board's panels, as Grafana sends them. */
function queriesOf(content: Parameters<typeof readDashboard>[0]): readonly string[] {
  const { queries, variables } = readDashboard(content)
  const chosen = Object.fromEntries(
    variables.map(({ name, kind, options }) => [
      name,
      kind === 'query' ? valuesOf(name) : (options?.[0] ?? ''),
    ]),
  )
  return queries
    .filter(({ kind }) => kind !== 'variable')
    .map(({ text }) => interpolate(text, variables, { ...builtins, ...chosen }))
}

console.error('starting Prometheus, nginx, Postgres and two gateways, and writing seven hours of series')
const servers = await startServers({ instances: 1, instancesWithHistograms: 1 })
const seen = new Map<string, Map<string, number>>()
const until = Date.now() + Number(values.minutes) * 60_000
const seconds = (): number => Math.floor(Date.now() / 1000)

async function keepScraping(): Promise<void> {
  for (let from = servers.now + scrapeSeconds; Date.now() < until; await sleep(1_000)) {
    const to = seconds()
    if (to < from) continue
    await servers.write(from, to)
    from += Math.ceil((to - from) / 60) * 60
  }
}

async function look(board: string, target: Target, delayMs: number): Promise<void> {
  await sleep(delayMs)
  const results = seen.get(board) ?? new Map<string, number>()
  seen.set(board, results)
  for (let next = Date.now(); next < until; next += refreshMs) {
    await sleep(Math.max(0, next - Date.now()))
    // Grafana aligns both ends to the step.
    const end = Math.floor(seconds() / step) * step
    const window = { start: end - hours * 3_600, end, step }
    const asked = target.queries.map((query) =>
      askRange(target, query, window).then(
        ({ cache }) => cache,
        () => 'refused',
      ),
    )
    for (const result of await Promise.all(asked)) results.set(result, (results.get(result) ?? 0) + 1)
  }
}

try {
  const headers = { authorization: `Bearer ${servers.token}` }
  const people = demoDashboards().flatMap(({ uid, content }, i) => {
    const target = { name: uid, base: `${servers.two.url}/prom/split`, headers, queries: queriesOf(content) }
    return Array.from({ length: Number(values.people) }, (_, n) => look(uid, target, i * 2_000 + n * 17_000))
  })
  await Promise.all([keepScraping(), ...people])
  const names = ['hit', 'extended', 'follower', 'stale', 'miss', 'bypass', 'refused']
  const rows = [...seen].map(([board, results]) => {
    const all = [...results.values()].reduce((sum, one) => sum + one, 0)
    const counts = Object.fromEntries(names.map((name) => [name, results.get(name) ?? 0]))
    const fetchedWhole = (results.get('miss') ?? 0) + (results.get('bypass') ?? 0)
    return {
      board,
      queries: all,
      ...counts,
      'not fetched whole': Number((1 - fetchedWhole / all).toFixed(3)),
    }
  })
  if (values.json) console.log(JSON.stringify(rows))
  else console.table(rows)
} finally {
  closeClient()
  await servers.close()
}
