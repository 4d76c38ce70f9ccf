import {
  aggregations,
  compareVersions,
  describeTree,
  functionSpec,
  functions,
  aggregationSpec,
  parse,
  printPretty,
} from '@gatehouse/promql'
import { type Answer, success } from './answer.ts'
import { readingParameter } from './parse.ts'

/** `format_query`: the expression laid out as Prometheus does. @throws GatehouseError `bad_data` */
export function answerFormatQuery(query: string): Answer {
  return success(JSON.stringify(printPretty(readingParameter('query', () => parse(query)))))
}

/** `parse_query`: the expression's tree. @throws GatehouseError `bad_data` */
export function answerParseQuery(query: string): Answer {
  return success(JSON.stringify(describeTree(readingParameter('query', () => parse(query)))))
}

interface Since {
  readonly since?: string
  readonly removed?: string
  readonly experimental?: boolean
  readonly refused?: string
}

/** Whether every shard has it without a flag of its own. */
function isThere({ since, removed, experimental, refused }: Since, version: string): boolean {
  if (refused !== undefined || experimental === true) return false
  if (since !== undefined && compareVersions(version, since) < 0) return false
  return removed === undefined || compareVersions(version, removed) < 0
}

/** `features`: functions and operators that every shard has, by the lowest of their versions; none while that is unknown. */
export function answerFeatures(version: string | undefined): Answer {
  const flags = (names: readonly string[], specOf: (name: string) => Since | undefined) =>
    Object.fromEntries(
      names.map((name) => [name, version !== undefined && isThere(specOf(name) ?? {}, version)] as const),
    )
  return success(
    JSON.stringify({
      promql_functions: flags(Object.keys(functions), functionSpec),
      promql_operators: flags(Object.keys(aggregations), aggregationSpec),
    }),
  )
}
