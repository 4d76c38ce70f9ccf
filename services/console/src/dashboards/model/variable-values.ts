import { interpolate, type Values, type VariableValue } from './interpolate.ts'
import { roundInterval } from './interval.ts'
import type { TimeRange } from './time-range.ts'
import { durationMs, durationText } from '../../parts/written-time.ts'
import { allValueMark, type Variable, type VariableOption } from './variable.ts'

/** A variable with its options and what of them is chosen. */
export interface VariableState {
  readonly variable: Variable
  readonly options: readonly VariableOption[]
  readonly chosen: readonly string[]
  /** Why there are no options. */
  readonly problem: string | undefined
}

const autoPrefix = '$__auto_interval_'

/** The option of an interval variable that follows from the time range. */
export function autoOption({ name }: Variable): VariableOption {
  return { text: 'auto', value: autoPrefix + name }
}

/** The value a state has in texts. */
export function valueOf(
  { variable, options, chosen }: VariableState,
  range: TimeRange,
  parents: Values,
): VariableValue {
  const { multi, includeAll, allValue } = variable
  const isRegex = multi || includeAll
  if (includeAll && chosen.includes(allValueMark)) {
    if (allValue !== undefined)
      return {
        value: interpolate(allValue, parents, 'query'),
        text: 'All',
        isRegex,
        isAll: true,
        isCustomAll: true,
      }
    return { value: options.map(({ value }) => value), text: 'All', isRegex, isAll: true }
  }
  const textOf = (value: string): string => options.find((option) => option.value === value)?.text ?? value
  const one = chosen[0] ?? ''
  if (one.startsWith(autoPrefix)) {
    const value = autoInterval(variable, range)
    return { value, text: `auto (${value})`, isRegex }
  }
  if (multi) return { value: chosen, text: chosen.map(textOf), isRegex }
  return { value: one, text: textOf(one), isRegex }
}

function autoInterval({ auto }: Variable, { from, to }: TimeRange): string {
  const { count, least } = auto ?? { count: 30, least: '10s' }
  return durationText(Math.max(durationMs(least) ?? 0, roundInterval((to - from) / Math.max(1, count))))
}

/** All values of a dashboard, each with those before it. */
export function valuesOf(states: readonly VariableState[], range: TimeRange): Values {
  const values = new Map<string, VariableValue>()
  for (const state of states) values.set(state.variable.name, valueOf(state, range, values))
  return values
}

/** All choices as they stand in the address of a dashboard; constants are the dashboard's own. */
export function addressOfAll(states: readonly VariableState[]): string {
  const parts = states
    .filter(({ variable }) => variable.kind !== 'constant')
    .flatMap(({ variable, chosen }) => chosen.map((one) => [`var-${variable.name}`, one]))
  return new URLSearchParams(parts).toString()
}

/**
 * Variables whose look-up found nothing. Grafana sends an empty text for them, which means the series without that label: those are
 * for people who may query them themselves, and no part of what a dashboard gives.
 */
export function emptyVariables(states: readonly VariableState[]): ReadonlySet<string> {
  return new Set(
    states
      .filter(
        ({ variable, options, chosen, problem }) =>
          variable.kind === 'query' &&
          options.length === 0 &&
          problem === undefined &&
          !(variable.allValue !== undefined && chosen.includes(allValueMark)),
      )
      .map(({ variable }) => variable.name),
  )
}
