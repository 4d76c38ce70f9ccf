import { isGatehouseError } from '@gatehouse/errors'
import { print } from '@gatehouse/promql'
import { type Ask, asksOf, exprOf, requestOf } from './asks.ts'
import { type Capability, type CapabilityRequest, compileCapability, type Refused } from './capability.ts'
import type { Dashboard, DashboardQuery } from './dashboard.ts'
import { missesOf } from './missed-requests.ts'
import { randomValues } from './random-values.ts'

/** What {@link checkCapability} found. */
export interface CapabilityCheck {
  readonly queries: number
  readonly compiled: number
  readonly refused: readonly Refused[]
  /** Requests sent for its queries with values of their variables, and those of them that the capability did not admit. */
  readonly sent: number
  readonly notAdmitted: readonly string[]
  /** Requests that Grafana would send and that are no PromQL: whoever is asked refuses them. */
  readonly invalid: number
  /** Requests that ask for a little more, and those of them that the capability admitted. */
  readonly missesTried: number
  readonly missesAdmitted: readonly string[]
}

/** How thorough a check is. */
export interface CheckOptions {
  readonly random: () => number
  /** Sets of values to try for each query. */
  readonly rounds: number
}

interface Trying {
  readonly capability: Capability
  readonly query: DashboardQuery
  readonly random: () => number
  readonly found: {
    sent: number
    notAdmitted: string[]
    invalid: number
    missesTried: number
    missesAdmitted: string[]
  }
}

function textOf(ask: Ask): string {
  switch (ask.endpoint) {
    case 'query':
      return ask.query
    case 'query_exemplars':
      return `exemplars of ${ask.query}`
    case 'label_values':
      return `values of ${ask.label}${ask.match === undefined ? '' : ` in ${ask.match}`}`
    default:
      return `${ask.endpoint}${ask.match === undefined ? '' : ` of ${ask.match}`}`
  }
}

/**
 * Tries a dashboard's capability against itself: what Grafana asks for each of its queries, with random values of its variables, must be
 * admitted, and every near miss of it refused.
 */
export function checkCapability(dashboard: Dashboard, { random, rounds }: CheckOptions): CapabilityCheck {
  const capability = compileCapability(dashboard)
  const { granted, refused } = capability
  const { variables } = dashboard
  const found: Trying['found'] = { sent: 0, notAdmitted: [], invalid: 0, missesTried: 0, missesAdmitted: [] }
  for (const query of granted) {
    for (let round = 0; round < rounds; round++) {
      for (const ask of asksOf(query, variables, randomValues(variables, random))) {
        const request = readAsk(ask)
        if (request === undefined) {
          found.invalid += 1
          continue
        }
        found.sent += 1
        if (capability.admits(request) === undefined) found.notAdmitted.push(textOf(ask))
        tryMisses({ capability, query, random, found }, request)
      }
    }
  }
  return { queries: granted.length + refused.length, compiled: granted.length, refused, ...found }
}

/** An ask as a question; undefined if it is no PromQL, as `=~"c++"` is none. */
export function readAsk(ask: Ask): CapabilityRequest | undefined {
  try {
    return requestOf(ask)
  } catch (error) {
    if (isGatehouseError(error)) return undefined
    throw error
  }
}

function tryMisses({ capability, query, random, found }: Trying, request: CapabilityRequest): void {
  for (const { kind, request: miss } of missesOf(request, random)) {
    // Where a variable stands for any number, another number is not a miss.
    if (kind === 'number' && query.text.includes('$')) continue
    if (miss.kind === 'exemplars' && query.exemplars === true) continue
    const admission = capability.admits(miss)
    // Another query of the board may ask for just that; then it is granted, not missed. What ad-hoc filters ask is answered for less.
    if (admission !== undefined && (admission.query !== query || admission.instead?.kind === 'narrowed'))
      continue
    found.missesTried += 1
    const expr = exprOf(miss)
    if (admission !== undefined)
      found.missesAdmitted.push(`${kind}: ${expr === undefined ? miss.kind : print(expr)}`)
  }
}
