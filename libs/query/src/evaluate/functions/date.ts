import { noLabels, withoutName } from '../labels.ts'
import { type Grid, type Series, timeAt } from '../model.ts'
import { emptySeries, joinEqual, mapFloats, setFloat } from '../series.ts'

const dayMs = 86_400_000

const dateFunctions: ReadonlyMap<string, (date: Date) => number> = new Map(
  Object.entries<(date: Date) => number>({
    day_of_month: (date) => date.getUTCDate(),
    day_of_week: (date) => date.getUTCDay(),
    day_of_year: (date) => Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / dayMs) + 1,
    days_in_month: (date) =>
      new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate(),
    hour: (date) => date.getUTCHours(),
    minute: (date) => date.getUTCMinutes(),
    month: (date) => date.getUTCMonth() + 1,
    year: (date) => date.getUTCFullYear(),
  }),
)

export function isDateFunction(name: string): boolean {
  return dateFunctions.has(name)
}

/** A date function of the evaluation time: one series without labels. */
export function applyDateToTime(name: string, grid: Grid): Series[] {
  const part = dateFunctions.get(name)
  const result = emptySeries(noLabels, grid.count)
  for (let i = 0; i < grid.count; i++) {
    setFloat(result, i, part?.(new Date(Math.trunc(timeAt(grid, i) / 1000) * 1000)) ?? NaN)
  }
  return [result]
}

/** Seconds before and after the epoch that a JavaScript date can hold. */
const dateLimit = 8.64e12

/** Whether every sample is a time that {@link applyDate} can tell the parts of; what Go makes of others is not defined. */
export function areDates(vector: readonly Series[]): boolean {
  return vector.every((series) =>
    series.values.every((value, i) => series.present[i] !== 1 || Math.abs(value) <= dateLimit),
  )
}

/** A date function of sample values, which are seconds since the epoch. */
export function applyDate(name: string, vector: readonly Series[]): Series[] {
  const part = dateFunctions.get(name)
  const results = vector.map((series) =>
    mapFloats(
      series,
      withoutName(series.labels),
      (value) => part?.(new Date(Math.trunc(value) * 1000)) ?? NaN,
    ),
  )
  return joinEqual(results, false)
}
