import type { AuditFilter } from '@gatehouse/store'
import type { AuditApi } from './api.ts'
import { names, randomFrom, spanMs } from './events.ts'

/** How quickly one kind of question is answered, ms. */
export interface FilterRow {
  readonly filter: string
  readonly p50: number
  readonly p95: number
  readonly max: number
}

type Question = readonly [name: string, make: (random: () => number) => AuditFilter]

const questions: readonly Question[] = [
  ['time', () => ({})],
  ['actor', (r) => ({ actor: names.user(r()) })],
  ['action', (r) => ({ action: names.action(r()) })],
  ['decision', (r) => ({ results: [r() < 0.5 ? 'denied' : 'failed'] })],
  ['data source', (r) => ({ dataSource: names.dataSource(r()) })],
  ['metric', (r) => ({ metric: names.metric(r()) })],
  ['dashboard', (r) => ({ dashboard: names.dashboard(r()) })],
  ['token', (r) => ({ token: names.token(r()) })],
  ['code', (r) => ({ codes: [['A', 'L001', 'Q001D', 'T', 'Q001I'][Math.floor(r() * 5)] ?? 'A'] })],
  ['address', (r) => ({ address: names.address(r()) })],
  ['free text', (r) => ({ text: r() < 0.5 ? names.metric(r()) : `job-${Math.floor(r() * 50)}` })],
  ['free text, a request id', (r) => ({ text: `r-${Math.floor(r() * 1_000_000).toString(36)}` })],
  ['free text, a name', (r) => ({ text: `Person ${names.user(r())}` })],
  ['actor and metric', (r) => ({ actor: names.user(r()), metric: names.metric(r()) })],
  ['metric and denied', (r) => ({ metric: names.metric(r()), results: ['denied'] })],
  ['a metric that nobody named', (r) => ({ metric: `none_${Math.floor(r() * 1e6)}` })],
  ['an address that never called', (r) => ({ address: `203.0.113.${Math.floor(r() * 250)}` })],
]

const day = 86_400_000

/** The filter with the range an auditor would look at: a week, a month, or all. */
function within(filter: AuditFilter, random: () => number, until: number): AuditFilter {
  const kind = Math.floor(random() * 3)
  if (kind === 2) return filter
  const length = kind === 0 ? 7 * day : 30 * day
  const from = until - spanMs + random() * (spanMs - length)
  return { ...filter, from: new Date(from).toISOString(), to: new Date(from + length).toISOString() }
}

function queryOf(filter: AuditFilter, more: Readonly<Record<string, string>>): string {
  const given = Object.entries(filter).map(([name, value]): [string, string] => [name, String(value)])
  return new URLSearchParams([...given, ...Object.entries(more)]).toString()
}

async function timed(runs: number, name: string, run: () => Promise<unknown>): Promise<FilterRow> {
  const times: number[] = []
  for (let i = 0; i < runs; i++) {
    const started = performance.now()
    await run()
    times.push(performance.now() - started)
  }
  times.sort((a, b) => a - b)
  const at = (share: number): number => times[Math.min(runs - 1, Math.floor(runs * share))] ?? Number.NaN
  return { filter: name, p50: at(0.5), p95: at(0.95), max: times.at(-1) ?? Number.NaN }
}

/** Asks every kind of question `runs` times: half of them as an org's auditor, half as the platform's over every org. */
export async function ask(api: AuditApi, until: number, runs: number): Promise<FilterRow[]> {
  const random = randomFrom(11)
  const send = (path: string, filter: AuditFilter, more: Readonly<Record<string, string>> = {}) =>
    random() < 0.5
      ? api.ask('platform', `${path}?${queryOf(filter, { ...more, org: '*' })}`)
      : api.ask(names.org(random()), `${path}?${queryOf(filter, more)}`)
  const rows: FilterRow[] = []
  for (const [name, make] of questions)
    rows.push(await timed(runs, name, () => send('/events', within(make(random), random, until))))
  const all = { from: new Date(until - spanMs).toISOString(), to: new Date(until).toISOString() }
  const dashboard = (): AuditFilter => ({ ...all, dashboard: names.dashboard(random()) })
  const month = (): AuditFilter => ({
    ...all,
    from: new Date(until - 30 * day).toISOString(),
    metric: names.metric(random()),
  })
  rows.push(
    await timed(runs, 'histogram of everything', () => send('/histogram', all)),
    await timed(runs, 'histogram of a dashboard', () => send('/histogram', dashboard())),
    await timed(runs, 'histogram of a metric, a month', () => send('/histogram', month())),
  )
  return rows
}
