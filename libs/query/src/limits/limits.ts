import { GatehouseError } from '@gatehouse/errors'

interface Words {
  readonly name: string
  readonly show: (value: number) => string
  /** How to ask for less. */
  readonly narrower: (limit: string) => string
}

const count = (value: number): string => Math.round(value).toLocaleString('en-US')
const bytes = (value: number): string => `${count(value)} bytes`

/** Every limit on one query, in words. The names are stable: configuration, metrics and messages use them. */
export const limitWords = {
  range: {
    name: 'time range read',
    show: showDuration,
    narrower: (limit) => `read at most ${limit}, ranges and subqueries in the expression included`,
  },
  points: {
    name: 'points per series',
    show: count,
    narrower: (limit) => `shorten the range or enlarge the step to get at most ${limit} points`,
  },
  subqueryPoints: {
    name: 'points per series of a subquery',
    show: count,
    narrower: (limit) => `shorten the subquery or enlarge its step to get at most ${limit} points`,
  },
  series: {
    name: 'series in the answer',
    show: count,
    narrower: (limit) => `aggregate, or add matchers, to get at most ${limit} series`,
  },
  samples: {
    name: 'samples read',
    show: count,
    narrower: () => 'add matchers, shorten ranges, or use a recording rule',
  },
  responseBytes: {
    name: 'size of the answer',
    show: bytes,
    narrower: () => 'aggregate, shorten the range or enlarge the step',
  },
  queryBytes: {
    name: 'length of the query',
    show: bytes,
    narrower: (limit) => `write the query in at most ${limit}`,
  },
  depth: {
    name: 'depth of the query',
    show: count,
    narrower: (limit) => `nest at most ${limit} levels`,
  },
  selectors: {
    name: 'selectors in the query',
    show: count,
    narrower: (limit) => `use at most ${limit} selectors`,
  },
  regexCost: {
    name: 'cost of regular expressions',
    show: count,
    narrower: () => 'use fewer alternatives or repetitions, or = and != instead',
  },
} as const satisfies Record<string, Words>

/** Stable name of a limit. */
export type LimitName = keyof typeof limitWords

/** Largest allowed values; an absent one is unlimited. `range` is in ms. */
export type QueryLimits = Readonly<Partial<Record<LimitName, number | undefined>>>

/** Measured values, as far as they are known at some point. */
export type Measured = Readonly<Partial<Record<LimitName, number>>>

/** What to tell the caller of an answer that was given. */
export interface LimitNotes {
  readonly infos: readonly string[]
  readonly warnings: readonly string[]
}

const names = Object.keys(limitWords) as LimitName[]
const adviseFrom = 0.7
const warnFrom = 0.9

/**
 * Compares what was measured with the limits: from 70 % an info, from 90 % a warning, above 100 % refused.
 * @throws GatehouseError `execution` naming the limit, the value and what to ask for instead.
 */
export function checkLimits(measured: Measured, limits: QueryLimits): LimitNotes {
  const infos: string[] = []
  const warnings: string[] = []
  for (const name of names) {
    const value = measured[name]
    const limit = limits[name]
    if (value === undefined || limit === undefined) continue
    // Words are made only where there is something to say: printing numbers costs more than the rest of a check.
    if (value < adviseFrom * limit) continue
    const words: Words = limitWords[name]
    const is = `${words.name} is ${words.show(value)}`
    const shown = words.show(limit)
    if (value > limit) {
      throw new GatehouseError(
        'execution',
        `${is}, more than the limit of ${shown}; ${words.narrower(shown)}`,
      )
    }
    const share = `${is}, ${Math.floor((100 * value) / limit)} % of the limit of ${shown}`
    if (value >= warnFrom * limit) warnings.push(`${share}; more will be refused`)
    else infos.push(share)
  }
  return { infos, warnings }
}

/** Limits that satisfy every given set: those of the org, the team, the service account and the data source. */
export function strictestLimits(sets: readonly QueryLimits[]): QueryLimits {
  const strictest: Partial<Record<LimitName, number>> = {}
  for (const name of names) {
    const values = sets.map((set) => set[name]).filter((value) => value !== undefined)
    if (values.length > 0) strictest[name] = Math.min(...values)
  }
  return strictest
}

/** Which limits are passed by how much, without refusing: for *explain*. Largest share first. */
export function limitShares(measured: Measured, limits: QueryLimits): { name: LimitName; share: number }[] {
  return names
    .flatMap((name) => {
      const value = measured[name]
      const limit = limits[name]
      return value === undefined || limit === undefined ? [] : [{ name, share: value / limit }]
    })
    .sort((a, b) => b.share - a.share)
}

function showDuration(ms: number): string {
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1_000],
    ['ms', 1],
  ] as const
  let rest = Math.round(ms)
  let text = ''
  for (const [unit, size] of units) {
    const whole = Math.floor(rest / size)
    if (whole > 0) text += `${whole}${unit}`
    rest -= whole * size
  }
  return text === '' ? '0s' : text
}
