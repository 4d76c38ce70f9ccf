import { parseSelector } from '@gatehouse/promql'
import { exprOf, withExpr } from './asks.ts'
import type { CapabilityRequest } from './capability.ts'
import { type NearMiss, nearMiss, nearMisses } from './near-miss.ts'

/** A request that asks for a little more than another, and in which way. */
export interface MissedRequest {
  readonly kind: NearMiss | 'look-up'
  readonly request: CapabilityRequest
}

const other = parseSelector('other_metric')

/** Look-ups that ask for a little more: of another label, of more series, of all series, or of another kind. */
function missedLookups(request: CapabilityRequest): readonly CapabilityRequest[] {
  if (request.kind === 'expr') return [{ kind: 'exemplars', expr: request.expr }]
  if (request.kind === 'exemplars') return []
  const { matches } = request
  const more = { ...request, matches: [...matches, other] }
  const all = matches.length === 0 ? [] : [{ ...request, matches: [] }]
  const names = { kind: 'label-names', matches } as const
  if (request.kind !== 'label-values') return [more, ...all]
  const label = `${request.label}_other`
  return [more, ...all, names, { ...request, label }]
}

/** One request of each way to ask for a little more. */
export function missesOf(request: CapabilityRequest, random: () => number): readonly MissedRequest[] {
  const expr = exprOf(request)
  const changed =
    expr === undefined
      ? []
      : nearMisses.flatMap((kind): MissedRequest[] => {
          const miss = nearMiss(expr, kind, random)
          const missed = miss && withExpr(request, miss)
          return missed === undefined ? [] : [{ kind, request: missed }]
        })
  const lookups = missedLookups(request).map((missed) => ({ kind: 'look-up', request: missed }) as const)
  return [...changed, ...lookups]
}
