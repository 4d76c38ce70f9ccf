import { boardQueries } from './board.ts'
import { askBoard, askRange, summary, type Target, timed, type Window } from './client.ts'
import type { Used } from '../shared/processes.ts'
import type { Servers } from './servers.ts'

const hours = 6
const step = 60

interface Measured extends Target {
  readonly used: Used | undefined
}

function targetsOf({ bare, nginx, one, two, token }: Servers, matcher: string, source: string): Measured[] {
  const own = boardQueries(matcher)
  const headers = { authorization: `Bearer ${token}` }
  // What the gateways ask for is constrained the same way by the caller, so that all do the same work.
  const through = (name: string, used: Used): Measured => ({
    name,
    base: `${used.url}/prom/${source}`,
    headers,
    queries: own,
    used,
  })
  return [
    { name: 'bare', base: bare.url, headers: {}, queries: own, used: undefined },
    { name: 'nginx', base: nginx.url, headers: {}, queries: own, used: nginx },
    through('gateway, 1 worker', one),
    through('gateway, 2 workers', two),
  ]
}

async function rangesAsked(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const lines = text.matchAll(
    /^prometheus_http_requests_total\{code="\d+",handler="\/api\/v1\/query_range"\} (\d+)/gm,
  )
  return [...lines].reduce((sum, [, count]) => sum + Number(count), 0)
}

const round = (value: number): number => Number(value.toPrecision(3))

type Rows = Map<string, { times: number[]; cpu: number[] }>

/** Runs `work` for every target in turn, `rounds` times. */
async function interleaved(
  targets: readonly Measured[],
  rounds: number,
  work: (target: Measured, n: number) => Promise<unknown>,
): Promise<Rows> {
  const rows: Rows = new Map(targets.map(({ name }) => [name, { times: [], cpu: [] }]))
  for (let n = 0; n < rounds; n += 1)
    for (const target of targets) {
      const before = target.used?.cpuMs() ?? 0
      const ms = await timed(() => work(target, n))
      const row = rows.get(target.name)
      row?.times.push(ms)
      row?.cpu.push((target.used?.cpuMs() ?? 0) - before)
    }
  return rows
}

function tableOf(rows: Rows, boards = 1): object[] {
  const bare = summary(rows.get('bare')?.times ?? []).p50
  return [...rows].map(([target, { times, cpu }]) => {
    const { p50, p10, p90 } = summary(times)
    const cpuMs = cpu.reduce((sum, one) => sum + one, 0) / cpu.length / boards
    return {
      target,
      'p50 ms': round(p50),
      'p10–p90 ms': `${round(p10)}–${round(p90)}`,
      'of bare': round(p50 / bare),
      'CPU ms': round(cpuMs),
    }
  })
}

interface Setting {
  readonly servers: Servers
  readonly rounds: number
  /** Over one shard, as its tenant. */
  readonly whole: readonly Measured[]
  /** Over two shards, as somebody who sees all tenants. */
  readonly split: readonly Measured[]
  readonly hot: string
  readonly fixed: Window
}

const gatewaysOf = (targets: readonly Measured[]): readonly Measured[] =>
  targets.filter(({ name }) => name.startsWith('gateway'))

const windowTo = (end: number): Window => ({ start: end - hours * 3_600, end, step })
/** With every refresh of a board its now has moved by a step. */
const moving = ({ servers: { now } }: Setting, n: number): Window => windowTo(now - 3_000 + n * step)

async function hotRange({ whole, hot, fixed, rounds }: Setting): Promise<object[]> {
  // Code that has just started is not what a gateway runs all day.
  for (const target of gatewaysOf(whole)) for (let i = 0; i < 400; i += 1) await askRange(target, hot, fixed)
  return tableOf(await interleaved(whole, rounds * 4, (target) => askRange(target, hot, fixed)))
}

async function fixedBoard({ whole, fixed, rounds }: Setting): Promise<object[]> {
  await Promise.all(whole.map((target) => askBoard(target, fixed)))
  return tableOf(await interleaved(whole, rounds, (target) => askBoard(target, fixed)))
}

async function movingBoard(setting: Setting): Promise<object[]> {
  const { whole, rounds, servers } = setting
  await Promise.all(whole.map((target) => askBoard(target, moving(setting, -1))))
  const before = await rangesAsked(servers.bare.url)
  const rows = await interleaved(whole, rounds, (target, n) =>
    Promise.all([1, 2, 3].map(() => askBoard(target, moving(setting, n)))),
  )
  const asked = (await rangesAsked(servers.bare.url)) - before
  return [...tableOf(rows, 3), { target: 'ranges asked of Prometheus, all targets', 'p50 ms': asked }]
}

async function herd({ whole, hot, rounds, servers }: Setting): Promise<object[]> {
  const askAtOnce = (target: Measured, end: number) =>
    Promise.all(Array.from({ length: 32 }, () => askRange(target, hot, windowTo(end))))
  const { bare, now } = servers
  const rows = await interleaved(whole, Math.max(3, Math.floor(rounds / 3)), (target, n) =>
    askAtOnce(target, now - 7_200 - 7 * n - 1),
  )
  const before = await rangesAsked(bare.url)
  const gateways = gatewaysOf(whole)
  for (const gateway of gateways) await askAtOnce(gateway, now - 9_999)
  const asked = (await rangesAsked(bare.url)) - before
  return [
    ...tableOf(rows),
    { target: 'ranges asked by one herd at each gateway', 'p50 ms': asked / gateways.length },
  ]
}

async function splitMoved(setting: Setting): Promise<object[]> {
  const { split, rounds } = setting
  const sum = 'sum by (team) (rate(ml_predictions_total[5m]))'
  await Promise.all(split.map((target) => askRange(target, sum, moving(setting, 0))))
  return tableOf(
    await interleaved(split, rounds, (target, n) => askRange(target, sum, moving(setting, n + 1))),
  )
}

async function splitHot({ split, fixed, rounds }: Setting): Promise<object[]> {
  await Promise.all(split.map((target) => askBoard(target, fixed)))
  return tableOf(await interleaved(split, rounds, (target) => askBoard(target, fixed)))
}

async function hits({ whole, hot, fixed, rounds }: Setting): Promise<object[]> {
  const gateways = gatewaysOf(whole)
  const ask = (target: Target, count: number) =>
    Promise.all(
      Array.from({ length: 16 }, async () => {
        for (let i = 0; i < count; i += 1) await askRange(target, hot, fixed)
      }),
    )
  // Some thousand hits pass before the code of one has been compiled for good.
  for (const target of gateways) await ask(target, 500)
  const rows = await interleaved(gateways, rounds, (target) => ask(target, 100))
  return [...rows].map(([target, { times, cpu }]) => ({
    target,
    'hits/s': Math.round((1_600 * 1000) / summary(times).p50),
    'CPU ms a hit': round(cpu.reduce((sum, one) => sum + one, 0) / cpu.length / 1_600),
  }))
}

const works: readonly (readonly [string, (setting: Setting) => Promise<object[]>])[] = [
  ['G2 one hot range', hotRange],
  ['board, fixed now', fixedBoard],
  ['G3 board, moving now, 3 users', movingBoard],
  ['G4 herd of 32, cold', herd],
  ['G6 two shards, moved window', splitMoved],
  ['G6 two shards, hot board', splitHot],
  ['G10 hits at 16 connections', hits],
]

/** The goals' figures, one table each, of the works whose name holds `only`; memory as it is before and after them. */
export async function measure(
  servers: Servers,
  { rounds, only }: { readonly rounds: number; readonly only: string },
): Promise<Record<string, object[]>> {
  const whole = targetsOf(servers, `tenant="${servers.tenant}"`, 'whole')
  const split = targetsOf(servers, '', 'split').filter(({ name }) => name !== 'nginx')
  const hot = whole[0]?.queries[2] ?? ''
  const setting = { servers, rounds, whole, split, hot, fixed: windowTo(servers.now - 3_600) }
  const memoryOf = ({ used }: Measured) => round(used?.rssMiB() ?? Number.NaN)
  const own = whole.filter(({ used }) => used !== undefined)
  const atRest = own.map(memoryOf)
  const tables: Record<string, object[]> = {}
  for (const [name, work] of works) if (name.includes(only)) tables[name] = await work(setting)
  tables['G12 memory of the largest process'] = own.map((target, i) => ({
    name: target.name,
    'at rest MiB': atRest[i],
    'after MiB': memoryOf(target),
  }))
  return tables
}
