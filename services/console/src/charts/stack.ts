import type { ChartSeries } from './series.ts'

/** Values as drawn, and for each series the one drawn below it in its group. */
export interface Stacked {
  readonly values: readonly (readonly (number | null)[])[]
  readonly below: readonly (number | undefined)[]
}

/** Adds the series of each group on top of each other, in their order; what is hidden takes no room. */
export function stackSeries(series: readonly ChartSeries[], isHidden: (id: string) => boolean): Stacked {
  const sums = new Map<string, number[]>()
  const last = new Map<string, number>()
  const totals = totalsOf(series, isHidden)
  const below: (number | undefined)[] = []
  const values = series.map(({ id, values: own, look }, i) => {
    const group = look?.stack
    if (group === undefined || isHidden(id)) {
      below.push(undefined)
      return own
    }
    const sum = sums.get(group) ?? own.map(() => 0)
    sums.set(group, sum)
    below.push(last.get(group))
    last.set(group, i)
    return own.map((value, at) => {
      const share = look?.stackShare === true ? (totals.get(group)?.[at] ?? 0) : 1
      // A gap in one series leaves those above it where they are.
      sum[at] = (sum[at] ?? 0) + (share === 0 ? 0 : (value ?? 0) / share)
      return value === null ? null : (sum[at] ?? 0)
    })
  })
  return { values, below }
}

function totalsOf(series: readonly ChartSeries[], isHidden: (id: string) => boolean): Map<string, number[]> {
  const totals = new Map<string, number[]>()
  for (const { id, values, look } of series) {
    if (look?.stack === undefined || look.stackShare !== true || isHidden(id)) continue
    const total = totals.get(look.stack) ?? values.map(() => 0)
    totals.set(look.stack, total)
    values.forEach((value, at) => {
      total[at] = (total[at] ?? 0) + (value ?? 0)
    })
  }
  return totals
}
