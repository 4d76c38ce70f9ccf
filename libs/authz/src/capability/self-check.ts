import { parse, print } from '@gatehouse/promql'
import { type Capability, compileCapability, type Refused } from './capability.ts'
import type { Dashboard, DashboardQuery } from './dashboard.ts'
import { nearMiss, nearMisses } from './near-miss.ts'
import { durationBuiltins, interpolate, numberBuiltins, type Values, type Variable } from './variable.ts'

/** What {@link checkCapability} found. */
export interface CapabilityCheck {
  readonly queries: number
  readonly compiled: number
  readonly refused: readonly Refused[]
  /** Queries sent with values of their variables, and those of them that the capability did not admit. */
  readonly sent: number
  readonly notAdmitted: readonly string[]
  /** Queries that ask for a little more, and those of them that the capability admitted. */
  readonly missesTried: number
  readonly missesAdmitted: readonly string[]
}

/** How thorough a check is. */
export interface CheckOptions {
  readonly random: () => number
  /** Sets of values to try for each query. */
  readonly rounds: number
}

/**
 * Tries a dashboard's capability against itself: every panel and annotation query with random values of its variables
 * must be admitted, and every near miss of it refused.
 */
export function checkCapability(dashboard: Dashboard, { random, rounds }: CheckOptions): CapabilityCheck {
  const capability = compileCapability(dashboard)
  const found = { sent: 0, notAdmitted: [] as string[], missesTried: 0, missesAdmitted: [] as string[] }
  for (const query of capability.granted.filter(({ kind }) => kind !== 'variable')) {
    for (let round = 0; round < rounds; round++) {
      const text = interpolate(query.text, dashboard.variables, randomValues(dashboard.variables, random))
      found.sent += 1
      if (capability.admits({ kind: 'expr', expr: parse(text) }) === undefined) found.notAdmitted.push(text)
      tryMisses({ capability, query, text, random, found })
    }
  }
  const { granted, refused } = capability
  return { queries: granted.length + refused.length, compiled: granted.length, refused, ...found }
}

interface Trying {
  readonly capability: Capability
  readonly query: DashboardQuery
  readonly text: string
  readonly random: () => number
  readonly found: { missesTried: number; missesAdmitted: string[] }
}

function tryMisses({ capability, query, text, random, found }: Trying): void {
  const expr = parse(text)
  for (const kind of nearMisses) {
    // Where a variable stands for any number, another number is not a miss.
    if (kind === 'number' && query.text !== text) continue
    const miss = nearMiss(expr, kind, random)
    if (miss === undefined) continue
    const admitting = capability.admits({ kind: 'expr', expr: miss })
    // Another query of the board may ask for just that; then it is granted, not missed.
    if (admitting !== undefined && admitting !== query) continue
    found.missesTried += 1
    if (admitting !== undefined) found.missesAdmitted.push(`${kind}: ${print(miss)}`)
  }
}

const samples = ['a', 'b-1', 'node-1.example:9100', 'x/y', 'A B', 'v1.2.3', 'ns_1', '10.0.0.7:8080']
const special = [...samples, '(z)', 'a|b', 'c++', '$1', '[x]']

function pick<T>(list: readonly T[], random: () => number): T | undefined {
  return list[Math.floor(random() * list.length)]
}

/** A value for every variable, of the kinds that Grafana sends. */
export function randomValues(variables: readonly Variable[], random: () => number): Values {
  const values: Record<string, string | string[]> = {}
  for (const name of durationBuiltins)
    values[name] = pick(['15s', '1m0s', '4m', '1h30m', '250ms'], random) ?? '1m'
  for (const name of numberBuiltins) values[name] = String(1 + Math.floor(random() * 100_000))
  for (const variable of variables) values[variable.name] = randomValue(variable, random)
  return values
}

function randomValue(variable: Variable, random: () => number): string | string[] {
  const { options, multi, includeAll, allValue } = variable
  if (includeAll && allValue !== undefined && random() < 0.2) return allValue
  const choices = options ?? (multi || includeAll ? special : samples)
  if (!multi && !includeAll) return pick(choices, random) ?? ''
  if (includeAll && allValue === undefined && random() < 0.2) return [...choices]
  const chosen = choices.filter(() => random() < 0.4)
  return chosen.length === 0 ? [choices[0] ?? ''] : chosen
}
