import { durationBuiltins, numberBuiltins, type Values, type Variable } from './variable.ts'
import { picksValue } from './variable-regex.ts'

// Nothing where there is no such label, names of hosts, routes and versions, and every character with a meaning to PromQL, to a regular
// expression or to one of Grafana's formats.
const samples: readonly string[] = [
  ['', 'a', 'b-1', 'ns_1', 'A B', 'x/y', 'v1.2.3', '10.0.0.7:8080', 'node-1.example:9100', 'example.org.'],
  ['(z)', 'a|b', 'c++', '$1', '^x', '[x]', 'why?', '/api/*', '/users/{id}', 'x{2}', 'a,b', 'a + b'],
  ["it's", 'say "hi"', 'DOMAIN\\user', '100%', 'a&b', '<b>', 'Köln', '東京'],
].flat()

function pick<T>(list: readonly T[], random: () => number): T | undefined {
  return list[Math.floor(random() * list.length)]
}

/** A value for every variable, of the kinds that Grafana sends. */
export function randomValues(variables: readonly Variable[], random: () => number): Values {
  const values: Record<string, string | readonly string[]> = {}
  for (const name of durationBuiltins)
    values[name] = pick(['15s', '1m0s', '4m', '1h30m', '250ms'], random) ?? '1m'
  for (const name of numberBuiltins) values[name] = String(1 + Math.floor(random() * 100_000))
  for (const variable of variables) values[variable.name] = randomValue(variable, random)
  return values
}

function randomValue(variable: Variable, random: () => number): string | readonly string[] {
  const { options, multi, includeAll, allValue, regex } = variable
  if (includeAll && allValue !== undefined && random() < 0.2) return allValue
  const choices = options ?? samples.filter((value) => value === '' || picksValue(regex, value))
  if (!multi && !includeAll) return pick(choices, random) ?? ''
  // Of no values, "All" and what is chosen are an empty list.
  if (options === undefined && random() < 0.1) return []
  const several = choices.filter((value) => value !== '')
  if (includeAll && allValue === undefined && random() < 0.2) return several
  if (!multi) return pick(choices, random) ?? ''
  const chosen = several.filter(() => random() < 0.3)
  return chosen.length === 0 ? [pick(choices, random) ?? ''] : chosen
}
