import type { Cell } from '../../charts/index.ts'

type Numbers = readonly number[]
const sum = (values: Numbers): number => values.reduce((a, b) => a + b, 0)
const mean = (values: Numbers): number => sum(values) / values.length
const variance = (values: Numbers): number => mean(values.map((value) => (value - mean(values)) ** 2))

function quantile(values: Numbers, q: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.round(q * (sorted.length - 1)))] ?? Number.NaN
}

const first = (values: Numbers): number => values[0] ?? Number.NaN
const last = (values: Numbers): number => values.at(-1) ?? Number.NaN

/** What stands for a whole column, by Grafana's ids; only numbers that are there count. */
const byId: Readonly<Record<string, { readonly title: string; readonly of: (values: Numbers) => number }>> = {
  lastNotNull: { title: 'Last', of: last },
  last: { title: 'Last', of: last },
  firstNotNull: { title: 'First', of: first },
  first: { title: 'First', of: first },
  min: { title: 'Min', of: (values) => values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY) },
  max: { title: 'Max', of: (values) => values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY) },
  mean: { title: 'Mean', of: mean },
  avg: { title: 'Mean', of: mean },
  sum: { title: 'Total', of: sum },
  total: { title: 'Total', of: sum },
  count: { title: 'Count', of: (values) => values.length },
  median: { title: 'Median', of: (values) => quantile(values, 0.5) },
  range: { title: 'Range', of: (values) => Math.max(...values) - Math.min(...values) },
  diff: { title: 'Difference', of: (values) => last(values) - first(values) },
  diffperc: { title: 'Difference %', of: (values) => (last(values) - first(values)) / first(values) },
  delta: {
    title: 'Delta',
    of: (values) =>
      values.reduce((total, value, i) => {
        const before = values[i - 1]
        if (before === undefined) return total
        return total + (value >= before ? value - before : value)
      }, 0),
  },
  step: {
    title: 'Step',
    of: (values) => Math.min(...values.slice(1).map((value, i) => value - (values[i] ?? 0))),
  },
  logmin: { title: 'Min > 0', of: (values) => Math.min(...values.filter((value) => value > 0)) },
  variance: { title: 'Variance', of: variance },
  stdDev: { title: 'Standard deviation', of: (values) => Math.sqrt(variance(values)) },
  changeCount: {
    title: 'Changes',
    of: (values) => values.filter((v, i) => i > 0 && v !== values[i - 1]).length,
  },
  distinctCount: { title: 'Distinct', of: (values) => new Set(values).size },
}

function known(id: string): (typeof byId)[string] | undefined {
  const percentile = /^p(\d{1,2})$/.exec(id)?.[1]
  if (percentile !== undefined)
    return { title: `${percentile}th percentile`, of: (values) => quantile(values, Number(percentile) / 100) }
  return Object.hasOwn(byId, id) ? byId[id] : undefined
}

/** The name of a calculation; its id if it is unknown. */
export function reducerTitle(id: string): string {
  return known(id)?.title ?? id
}

/** Whether a calculation is known. */
export function isReducer(id: string): boolean {
  return known(id) !== undefined
}

/** What stands for a column: null if there is no number in it. An unknown calculation is the last number. */
export function reduceNumbers(id: string, values: readonly (number | null)[]): number | null {
  // `last` is the last one even if it is missing; all others count what is there.
  if (id === 'last' && values.at(-1) === null) return null
  if (id === 'count') return values.filter((value) => value !== null).length
  const there = values.filter((value) => value !== null && !Number.isNaN(value)) as readonly number[]
  if (there.length === 0) return null
  const result = (known(id)?.of ?? last)(there)
  return Number.isNaN(result) ? null : result
}

/** The same for any column: of texts the last one there is. */
export function reduceCells(id: string, values: readonly Cell[]): Cell {
  const numbers = values.filter((value) => value === null || typeof value === 'number')
  if (numbers.length === values.length) return reduceNumbers(id, numbers)
  const there = values.filter((value) => value !== null && value !== '')
  return (id.startsWith('first') ? there[0] : there.at(-1)) ?? null
}
