import type { QueryData } from './decode.ts'

/** Prometheus's statistics of a query, as `stats=all` asks for them. */
export interface QueryStats {
  /** Seconds; of several shards, which work at the same time, the longest. */
  readonly timings: Readonly<Record<string, number>>
  /** Counts of samples: those read add up, the peak is the highest of any server. */
  readonly samples: Readonly<
    Record<string, number | readonly (readonly [seconds: number, samples: number])[]>
  >
}

const timings = [
  'evalTotalTime',
  'resultSortTime',
  'queryPreparationTime',
  'innerEvalTime',
  'execQueueTime',
  'execTotalTime',
] as const

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return Object.getOwnPropertyDescriptor(value, name)?.value
}

function numberOf(value: unknown, name: string): number {
  const member = memberOf(value, name)
  return typeof member === 'number' ? member : 0
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value)
}

function perStep(samples: readonly unknown[]): readonly (readonly [number, number])[] | undefined {
  const lists = samples.map((one) => memberOf(one, 'totalQueryableSamplesPerStep')).filter(isList)
  if (lists.length === 0) return undefined
  const totals = new Map<number, number>()
  for (const pair of lists.flat()) {
    if (!isList(pair)) continue
    const [seconds, count] = pair
    if (typeof seconds === 'number' && typeof count === 'number')
      totals.set(seconds, (totals.get(seconds) ?? 0) + count)
  }
  return [...totals].toSorted(([a], [b]) => a - b)
}

/** The statistics of several answers as those of one; undefined if none of them has any. */
export function mergeStats(answers: readonly QueryData[]): QueryStats | undefined {
  const all = answers.map((data) => memberOf(data, 'stats')).filter((stats) => stats !== undefined)
  if (all.length === 0) return undefined
  const samples = all.map((stats) => memberOf(stats, 'samples'))
  const longest = (name: string): number =>
    Math.max(...all.map((stats) => numberOf(memberOf(stats, 'timings'), name)))
  const steps = perStep(samples)
  return {
    timings: Object.fromEntries(timings.map((name) => [name, longest(name)])),
    samples: {
      ...(steps === undefined ? {} : { totalQueryableSamplesPerStep: steps }),
      totalQueryableSamples: samples.reduce<number>(
        (sum, one) => sum + numberOf(one, 'totalQueryableSamples'),
        0,
      ),
      peakSamples: Math.max(...samples.map((one) => numberOf(one, 'peakSamples'))),
    },
  }
}
