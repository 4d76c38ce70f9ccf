import { GatehouseError } from '@gatehouse/errors'
import {
  type Expr,
  metricNameLabel,
  parse,
  parseSelector,
  selectors,
  type VectorSelector,
} from '@gatehouse/promql'
import type { Conjunction } from '@gatehouse/query'
import { createTextMemo } from './memo.ts'

/** A parsed expression with the metric names it names. */
export interface ParsedExpression {
  readonly expr: Expr
  readonly metrics: readonly string[]
}

/** All matchers of a selector, its name as one of them. */
export function matchersOf({ name, matchers }: VectorSelector): Conjunction {
  return name === undefined ? matchers : [{ name: metricNameLabel, op: '=', value: name }, ...matchers]
}

/** The metric names that selectors name, each once. */
export function metricsOf(some: readonly VectorSelector[]): readonly string[] {
  const names = some.flatMap(matchersOf).filter(({ name, op }) => name === metricNameLabel && op === '=')
  return [...new Set(names.map(({ value }) => value))]
}

/** Runs what reads a parameter; its `bad_data` names the parameter, as Prometheus's do. */
export function readingParameter<T>(name: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof GatehouseError) || error.code !== 'bad_data') throw error
    const message = error.message.startsWith('invalid parameter')
      ? error.message
      : `invalid parameter "${name}": ${error.message}`
    throw new GatehouseError('bad_data', message, { cause: error })
  }
}

/** Parses one `match[]`. @throws GatehouseError `bad_data` */
export function parseMatch(text: string): VectorSelector {
  return readingParameter('match[]', () => parseSelector(text))
}

/**
 * Creates a parser that remembers its results: parsing costs more than everything else on the way of a small request.
 * It throws GatehouseError `bad_data`.
 */
export function createExpressionParser(): (query: string) => ParsedExpression {
  const known = createTextMemo<ParsedExpression>()
  return (query) => {
    let parsed = known.get(query)
    if (parsed === undefined) {
      const expr = readingParameter('query', () => parse(query))
      parsed = { expr, metrics: metricsOf(selectors(expr)) }
      known.set(query, parsed)
    }
    return parsed
  }
}
