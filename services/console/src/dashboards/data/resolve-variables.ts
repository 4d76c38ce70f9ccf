import { toApiError } from '../../api/client.ts'
import { filterText } from '../model/adhoc.ts'
import { toRegExp } from '../model/field-config.ts'
import { interpolate, mentions, type Values, type VariableValue } from '../model/interpolate.ts'
import { seriesName } from '../model/frame.ts'
import { intervalsOf } from '../model/interval.ts'
import { withBuiltIns } from '../model/requests.ts'
import type { TimeRange } from '../model/time-range.ts'
import { chosenOf, listedOptions, optionsOfAnswers } from '../model/variable-options.ts'
import { inOrder } from '../model/variable-order.ts'
import { readVariableQuery } from '../model/variable-query.ts'
import { autoOption, emptyVariables, valueOf, type VariableState } from '../model/variable-values.ts'
import { whyNotPrometheus } from '../model/data-source-ref.ts'
import type { Variable, VariableOption } from '../model/variable.ts'
import { type Asking, sourceOf } from './context.ts'
import { findSeries, labelNames, labelValues, runRequest } from './prometheus.ts'

/** Answers that were read, by what was asked, so that a change of one variable asks nothing again. */
export type KnownAnswers = Map<string, Promise<readonly string[]>>

/** What resolving the variables of a dashboard needs. */
export interface ResolveInput {
  readonly asking: Asking
  readonly variables: readonly Variable[]
  /** Wanted values by variable; the saved ones where there are none. */
  readonly wanted: ReadonlyMap<string, readonly string[]>
  readonly range: TimeRange
  readonly known: KnownAnswers
  readonly signal: AbortSignal
}

/** Options and choices of all variables, in the dashboard's order; each is read after those it depends on. */
export async function resolveVariables(input: ResolveInput): Promise<readonly VariableState[]> {
  const values = new Map<string, VariableValue>()
  const states = new Map<string, VariableState>()
  const empty = (): ReadonlySet<string> => emptyVariables([...states.values()])
  for (const variable of inOrder(input.variables)) {
    const state = await resolveOne(variable, { values, empty: empty() }, input)
    states.set(variable.name, state)
    values.set(variable.name, valueOf(state, input.range, values))
  }
  return input.variables.flatMap(({ name }) => states.get(name) ?? [])
}

/** What of the variables before it a variable's options depend on. */
interface Parents {
  readonly values: Values
  readonly empty: ReadonlySet<string>
}

async function resolveOne(variable: Variable, parents: Parents, input: ResolveInput): Promise<VariableState> {
  const wanted = input.wanted.get(variable.name) ?? variable.saved
  const state = (options: readonly VariableOption[], problem?: string): VariableState => ({
    variable,
    options,
    chosen: chosenOf(variable, options, wanted),
    problem,
  })
  switch (variable.kind) {
    case 'custom':
      return state(listedOptions(variable.query))
    case 'interval':
      return state([
        ...(variable.auto === undefined ? [] : [autoOption(variable)]),
        ...listedOptions(variable.query),
      ])
    case 'textbox':
      return {
        ...state([]),
        chosen: input.wanted.get(variable.name) ?? [variable.saved[0] ?? variable.query],
      }
    case 'constant':
      return { ...state([]), chosen: [variable.query] }
    case 'datasource':
      return state(dataSourceOptions(variable, input.asking))
    case 'adhoc':
      return { ...state([]), chosen: input.wanted.get(variable.name) ?? variable.filters.map(filterText) }
    case 'unknown':
      return state([])
    case 'query':
      return resolveQuery(variable, parents, input).then(
        (answers) => state(optionsOfAnswers(variable, answers)),
        (error: unknown) => {
          if (input.signal.aborted) throw error
          // What was wanted may still be true; its options are what failed.
          return { ...state([], toApiError(error).message), chosen: wanted }
        },
      )
  }
}

function dataSourceOptions({ query, regex }: Variable, { sources }: Asking): VariableOption[] {
  if (query !== 'prometheus' && query !== '') return []
  const test = regex === '' ? undefined : toRegExp(regex)
  const fitting = sources.filter(({ name }) => test?.test(name) ?? true)
  // Names in a dashboard are those of another installation more often than not.
  return (fitting.length === 0 ? sources : fitting).map(({ uid, name }) => ({ text: name, value: uid }))
}

const minuteMs = 60_000

function resolveQuery(
  variable: Variable,
  { values, empty }: Parents,
  input: ResolveInput,
): Promise<readonly string[]> {
  const { asking, range, known, signal } = input
  const reason = whyNotPrometheus(variable.dataSource)
  if (reason !== undefined) return Promise.reject(new Error(reason))
  const { uid } = variable.dataSource ?? {}
  const source = sourceOf(asking, uid === undefined ? undefined : interpolate(uid, values, 'url'))
  const intervals = intervalsOf({ range, maxDataPoints: 1_000, queryLeast: '', panelLeast: '', factor: 1 })
  const all = withBuiltIns({ values, range, dashboardUid: asking.dashboardUid }, intervals)
  const text = interpolate(variable.query, all, 'query')
  // Minutes are near enough for what there is to choose from.
  const [from, to] = [Math.floor(range.from / minuteMs), Math.ceil(range.to / minuteMs)]
  const bounds = { start: from * 60, end: to * 60, signal }
  const key = JSON.stringify([source, text, variable.refreshesWithTime ? [from, to] : []])
  if (!asking.ownSources.has(source) && mentions(variable.query).some((name) => empty.has(name)))
    return Promise.resolve([])
  const found = known.get(key)
  if (found !== undefined) return found
  const asked = lookUp(asking, { source, text, to: range.to }, bounds)
  known.set(key, asked)
  asked.catch(() => known.delete(key))
  return asked
}

async function lookUp(
  asking: Asking,
  { source, text, to }: { readonly source: string; readonly text: string; readonly to: number },
  bounds: { readonly start: number; readonly end: number; readonly signal: AbortSignal },
): Promise<readonly string[]> {
  const query = readVariableQuery(text)
  switch (query?.kind) {
    case undefined:
      return []
    case 'label-values':
      return labelValues(asking, { source, label: query.label, selector: query.selector }, bounds)
    case 'label-names':
      return labelNames(asking, { source, selector: query.selector }, bounds)
    case 'metrics': {
      const pattern = toRegExp(`/${query.pattern}/`)
      const names = await labelValues(asking, { source, label: '__name__', selector: undefined }, bounds)
      return names.filter((name) => pattern?.test(name) ?? false)
    }
    case 'series':
      return (await findSeries(asking, { source, selector: query.selector }, bounds)).map(seriesName)
    case 'query-result':
      return queryResult(asking, { source, expr: query.expr, to }, bounds.signal)
  }
}

/** Each series of an instant query as Grafana writes it for the variable's regular expression: `name{a="b"} value time`. */
async function queryResult(
  asking: Asking,
  { source, expr, to }: { readonly source: string; readonly expr: string; readonly to: number },
  signal: AbortSignal,
): Promise<readonly string[]> {
  const target = { refId: 'A', expr, legend: '', format: 'time_series', range: false, instant: true } as const
  const request = {
    target: {
      ...target,
      interval: '',
      intervalFactor: 1,
      hidden: false,
      dataSource: undefined,
      exemplars: false,
    },
    legend: '',
    source,
    expr,
    start: to / 1_000,
    end: to / 1_000,
    step: undefined,
  }
  const { data } = await runRequest(asking, request, { signal })
  if (data.resultType !== 'vector') return data.resultType === 'matrix' ? [] : [data.result[1]]
  return data.result.map(({ metric: { __name__: name = '', ...labels }, value }) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${text}"`)
    return `${name}{${pairs.join(',')}} ${value?.[1] ?? ''} ${(value?.[0] ?? 0) * 1_000}`
  })
}
