import { loadavg } from 'node:os'
import { summary, timed } from '../dashboard/client.ts'
import { load } from './load.ts'
import type { Servers, Target } from './servers.ts'

/** How long a run takes. */
export interface Effort {
  readonly rounds: number
  /** Of one load, in each round. */
  readonly seconds: number
}

/** One line of the table: medians of the rounds. */
export interface Row {
  readonly work: string
  readonly target: string
  readonly 'p50 ms': number
  readonly 'p10–p90 ms': string
  readonly 'of direct': number
  readonly 'requests/s': number
  readonly 'CPU µs': number | undefined
  readonly 'CPU of vmauth': number | undefined
  readonly 'RSS MiB': number | undefined
}

interface Sample {
  readonly p50: number
  readonly perSecond: number
  readonly cpuMicros: number | undefined
}

/** Something that every target is asked for. */
interface Work {
  readonly name: string
  /** Name of what stands behind the targets. */
  readonly upstream: string
  /** Asks `target` at `base` for a while. */
  run(target: Target, base: string, round: number): Promise<Omit<Sample, 'cpuMicros'> & { requests: number }>
}

const round3 = (value: number): number => Number(value.toPrecision(3))

/** A GET under load. */
function loaded(name: string, upstream: string, connections: number, seconds: number): Work {
  return {
    name: `${name}, c=${connections}`,
    upstream,
    run: ({ headers }, base) =>
      load(`${base}/api/v1/query?query=up&time=4`, { connections, seconds, headers: { ...headers } }),
  }
}

async function drain(url: string, headers: Readonly<Record<string, string>>): Promise<void> {
  const answer = await fetch(url, { headers })
  if (answer.status !== 200) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`)
  for await (const piece of answer.body ?? []) void piece
}

/** One path after the other, one at a time. */
function sequential(
  name: string,
  upstream: string,
  { times, path }: { times: number; path: (n: number) => string },
): Work {
  return {
    name,
    upstream,
    async run({ headers }, base, round) {
      const all: number[] = []
      for (let i = 0; i < times; i += 1)
        all.push(await timed(() => drain(base + path(round * times + i), headers)))
      const { p50 } = summary(all)
      return { p50, perSecond: 1_000 / p50, requests: times }
    },
  }
}

const range = (query: string, end: number): string =>
  `/api/v1/query_range?${new URLSearchParams({ query, start: String(end - 21_600), end: String(end), step: '60' })}`
const instant = (query: string, time: number): string =>
  `/api/v1/query?${new URLSearchParams({ query, time: String(time) })}`

function works({ tenant, now }: Servers, { seconds }: Effort): readonly Work[] {
  const own = `{tenant="${tenant}"}`
  const selector = encodeURIComponent(`ml_predictions_total${own}`)
  const bounds = `start=${now - 3_600}&end=${now}`
  const sum = 'sum by (team) (rate(ml_predictions_total[5m]))'
  const at = (n: number): number => now - 7 * n
  return [
    loaded('stub, 1 kB', 'small', 1, seconds),
    loaded('stub, 1 kB', 'small', 32, seconds),
    loaded('stub, 578 kB', 'medium', 1, seconds),
    loaded('stub, 578 kB', 'medium', 16, seconds),
    sequential('stub, 50 MB', 'large', { times: 3, path: () => '/api/v1/query?query=up&time=4' }),
    sequential('instant', 'whole', {
      times: 40,
      path: (n) => instant(`sum by (model) (ml_predictions_total${own})`, at(n)),
    }),
    sequential('range of 6 h at 60 s', 'whole', {
      times: 4,
      path: (n) => range(`sum by (model) (rate(ml_predictions_total${own}[5m]))`, at(n)),
    }),
    sequential('series', 'whole', { times: 40, path: () => `/api/v1/series?match[]=${selector}&${bounds}` }),
    sequential('label values', 'whole', {
      times: 80,
      path: () => `/api/v1/label/model/values?match[]=${selector}&${bounds}`,
    }),
    sequential('cold sum by, 2 shards, instant', 'split', { times: 20, path: (n) => instant(sum, at(n)) }),
    sequential('cold sum by, 2 shards, 6 h', 'split', { times: 3, path: (n) => range(sum, at(n)) }),
  ]
}

async function sample(work: Work, target: Target, base: string, round: number): Promise<Sample> {
  const before = target.used?.cpuMs() ?? 0
  const { p50, perSecond, requests } = await work.run(target, base, round)
  const cpuMs = target.used === undefined ? undefined : target.used.cpuMs() - before
  return { p50, perSecond, cpuMicros: cpuMs === undefined ? undefined : (cpuMs * 1_000) / requests }
}

/** All targets in turn, round by round. */
async function interleaved(work: Work, targets: readonly Target[], rounds: number): Promise<readonly Row[]> {
  const asked = targets.flatMap((target) => {
    const base = target.base(work.upstream)
    return base === undefined ? [] : [{ target, base, samples: new Array<Sample>() }]
  })
  for (const { target, base } of asked) await work.run(target, base, rounds)
  for (let round = 0; round < rounds; round += 1)
    for (const { target, base, samples } of asked) samples.push(await sample(work, target, base, round))
  const median = (of: readonly (number | undefined)[]): number =>
    summary(of.filter((one) => one !== undefined)).p50
  const direct = median(asked[0]?.samples.map(({ p50 }) => p50) ?? [])
  const vmauth = asked.find(({ target }) => target.name === 'vmauth')
  const cpuOf = (of: readonly Sample[]): number => median(of.map(({ cpuMicros }) => cpuMicros))
  return asked.map(({ target, samples }) => {
    const { p50, p10, p90 } = summary(samples.map((one) => one.p50))
    const cpu = target.used === undefined ? undefined : cpuOf(samples)
    return {
      work: work.name,
      target: target.name,
      'p50 ms': round3(p50),
      'p10–p90 ms': `${round3(p10)}–${round3(p90)}`,
      'of direct': round3(p50 / direct),
      'requests/s': round3(median(samples.map(({ perSecond }) => perSecond))),
      'CPU µs': cpu === undefined ? undefined : round3(cpu),
      'CPU of vmauth':
        cpu === undefined || vmauth === undefined ? undefined : round3(cpu / cpuOf(vmauth.samples)),
      'RSS MiB': target.used === undefined ? undefined : Math.round(target.used.rssMiB()),
    }
  })
}

/** Hot answers of 1 kB from the cache, with and without one of 50 MB that passes through the same process. */
async function beside({ cached }: Servers, { rounds, seconds }: Effort): Promise<readonly object[]> {
  const headers = { ...cached.headers }
  const hot = `${cached.base('small')}/api/v1/query?query=up&time=4`
  const big = `${cached.base('large')}/api/v1/query?query=up&time=5`
  const found = { alone: new Array<number>(), beside: new Array<number>() }
  await load(hot, { connections: 1, seconds, headers })
  for (let round = 0; round < rounds; round += 1) {
    found.alone.push((await load(hot, { connections: 1, seconds, headers })).p99)
    const passing = load(big, { connections: 1, seconds: seconds + 1, headers })
    found.beside.push((await load(hot, { connections: 1, seconds, headers })).p99)
    await passing
  }
  return Object.entries(found).map(([name, values]) => {
    const { p50, p10, p90 } = summary(values)
    return {
      'hot 1 kB hits': name === 'alone' ? 'alone' : 'while 50 MB pass',
      'p99 ms': round3(p50),
      'p10–p90 ms': `${round3(p10)}–${round3(p90)}`,
    }
  })
}

/** Memory that one passing answer of 578 kB takes beside others. */
async function perStream({ gateway }: Servers, { seconds }: Effort): Promise<readonly object[]> {
  const url = `${gateway.base('medium')}/api/v1/query?query=up&time=4`
  const rows = []
  for (const connections of [1, 16]) {
    const passing = load(url, { connections, seconds, headers: { ...gateway.headers } })
    let most = 0
    const timer = setInterval(() => {
      most = Math.max(most, gateway.used?.rssMiB() ?? 0)
    }, 50)
    await passing
    clearInterval(timer)
    rows.push({ 'streams of 578 kB': connections, 'most RSS MiB': Math.round(most) })
  }
  return rows
}

/** All tables of a run. `only` names works by a part of their names. */
export async function measure(
  servers: Servers,
  effort: Effort,
  only: string,
): Promise<Record<string, readonly object[]>> {
  const tables: Record<string, readonly object[]> = {}
  for (const work of works(servers, effort)) {
    if (!work.name.includes(only)) continue
    const rows = await interleaved(work, servers.targets, effort.rounds)
    const [busy = 0] = loadavg()
    tables[`${work.name} (load ${busy.toFixed(1)})`] = rows
  }
  if ('hot hits beside 50 MB'.includes(only))
    tables['G9 hot hits beside 50 MB'] = await beside(servers, effort)
  if ('memory'.includes(only)) tables['G8 memory of streams'] = await perStream(servers, effort)
  return tables
}
