import { boardQueries } from './board.ts'
import { askBoard, askRange, summary, type Target, timed, type Window } from './client.ts'
import type { Used } from '../shared/processes.ts'
import type { Servers } from './servers.ts'

const hours = 6
const step = 60

interface Measured extends Target {
  readonly used: Used | undefined
}

function targetsOf(
  { bare, nginx, one, two, tenant, token }: Servers,
  matcher: string,
  source: string,
): Measured[] {
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
  void tenant
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

/** The goals' figures, one table each. */
export async function measure(servers: Servers, rounds: number): Promise<Record<string, object[]>> {
  const { tenant, now, bare } = servers
  const matcher = `tenant="${tenant}"`
  const whole = targetsOf(servers, matcher, 'whole')
  const windowTo = (end: number): Window => ({ start: end - hours * 3_600, end, step })
  const atRest = whole.flatMap(({ name, used }) =>
    used === undefined ? [] : [{ name, 'at rest MiB': round(used.rssMiB()) }],
  )

  const fixed = windowTo(now - 3_600)
  await Promise.all(whole.map((target) => askBoard(target, fixed)))
  const hot = whole[0]?.queries[2] ?? ''
  // Code that has just started is not what a gateway runs all day.
  for (const target of whole.slice(2)) for (let i = 0; i < 400; i += 1) await askRange(target, hot, fixed)
  const single = await interleaved(whole, rounds * 4, (target) => askRange(target, hot, fixed))
  const boardFixed = await interleaved(whole, rounds, (target) => askBoard(target, fixed))

  // Three users look at one board; with every refresh its now has moved by a step.
  const moving = (n: number): Window => windowTo(now - 3_000 + n * step)
  await Promise.all(whole.map((target) => askBoard(target, moving(-1))))
  const before = await rangesAsked(bare.url)
  const boardMoving = await interleaved(whole, rounds, (target, n) =>
    Promise.all([1, 2, 3].map(() => askBoard(target, moving(n)))),
  )
  const askedWhileMoving = (await rangesAsked(bare.url)) - before

  const herd = await interleaved(whole, Math.max(3, Math.floor(rounds / 3)), (target, n) =>
    Promise.all(Array.from({ length: 32 }, () => askRange(target, hot, windowTo(now - 7_200 - 7 * n - 1)))),
  )
  const cold = await rangesAsked(bare.url)
  const [, , single1, single2] = whole
  for (const gateway of [single1, single2])
    if (gateway !== undefined)
      await Promise.all(Array.from({ length: 32 }, () => askRange(gateway, hot, windowTo(now - 9_999))))
  const askedByHerd = (await rangesAsked(bare.url)) - cold

  const everybody = targetsOf(servers, '', 'split').filter(({ name }) => name !== 'nginx')
  const sum = 'sum by (team) (rate(ml_predictions_total[5m]))'
  await Promise.all(everybody.map((target) => askRange(target, sum, moving(0))))
  const splitMoved = await interleaved(everybody, rounds, (target, n) => askRange(target, sum, moving(n + 1)))
  await Promise.all(everybody.map((target) => askBoard(target, fixed)))
  const splitHot = await interleaved(everybody, rounds, (target) => askBoard(target, fixed))

  const gateways = whole.filter(({ name }) => name.startsWith('gateway'))
  const hits = await interleaved(gateways, rounds, (target) =>
    Promise.all(
      Array.from({ length: 16 }, async () => {
        for (let i = 0; i < 20; i += 1) await askRange(target, hot, fixed)
      }),
    ),
  )
  const perSecond = [...hits].map(([target, { times }]) => ({
    target,
    'hits/s': Math.round((320 * 1000) / summary(times).p50),
  }))
  const memory = atRest.map((row, i) => {
    const used = whole.filter((target) => target.used !== undefined)[i]?.used
    return { ...row, 'after MiB': round(used?.rssMiB() ?? Number.NaN) }
  })
  return {
    'G2 one hot range': tableOf(single),
    'board, fixed now': tableOf(boardFixed),
    'G3 board, moving now, 3 users': tableOf(boardMoving, 3),
    'G4 herd of 32, cold': [
      ...tableOf(herd),
      { target: 'ranges asked by one herd at each gateway', 'p50 ms': askedByHerd / 2 },
    ],
    'G6 two shards, moved window': tableOf(splitMoved),
    'G6 two shards, hot board': tableOf(splitHot),
    'G10 hits at 16 connections': perSecond,
    'G12 memory of the largest process': [
      ...memory,
      { name: 'ranges asked of Prometheus while boards moved', 'at rest MiB': askedWhileMoving },
    ],
  }
}
