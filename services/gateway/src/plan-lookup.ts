import type { VectorSelector } from '@gatehouse/promql'
import {
  type Conjunction,
  constraintSelector,
  type DataSource,
  type EnforcedExpr,
  enforceSelector,
  type EnforcedText,
  narrowEnforced,
  printEnforced,
  pruneShards,
  type Shard,
  sliceMatchers,
} from '@gatehouse/query'
import { type Access, accessKey } from './access.ts'
import { createTextMemo } from './memo.ts'
import { matchersOf, metricsOf, parseMatch, readingParameter } from './parse.ts'
import { contradiction } from './contradiction.ts'
import type { Plan, PlanStep } from './plan.ts'

/** One enforced selector. */
interface Part {
  readonly selector: EnforcedExpr & VectorSelector
  readonly text: EnforcedText
  readonly matchers: Conjunction
}

interface Enforced {
  readonly parts: readonly Part[]
  readonly metrics: readonly string[]
}

/** One part for each pair of selector and alternative: `match[]` is a union already, so overlaps do no harm. */
function enforceMatches(matches: readonly string[], { constraints: { alternatives } }: Access): Enforced {
  const asked = matches.map(parseMatch)
  const enforced =
    asked.length === 0
      ? alternatives.map(constraintSelector)
      : asked.flatMap((selector) =>
          alternatives.map((alternative) =>
            readingParameter('match[]', () => enforceSelector(selector, alternative)),
          ),
        )
  const parts = enforced.map((selector) => ({
    selector,
    text: printEnforced(selector),
    matchers: matchersOf(selector),
  }))
  return { parts, metrics: metricsOf(asked) }
}

/** Where several shards are asked, each is for its slice only. */
function stepsOf(parts: readonly Part[], source: DataSource): readonly PlanStep[] {
  const asked = new Map<Shard, Part[]>()
  for (const part of parts) {
    for (const shard of pruneShards([part.matchers], source)) {
      const own = asked.get(shard) ?? []
      asked.set(shard, own)
      own.push(part)
    }
  }
  const narrow = (shard: Shard, { selector, text, matchers }: Part): EnforcedText => {
    const slice = sliceMatchers(shard, matchers, source.tenantLabel)
    return slice.length === 0 ? text : printEnforced(narrowEnforced(selector, slice))
  }
  return [...asked].map(([shard, own]) => ({
    shard,
    texts: own.map((part) => (asked.size === 1 ? part.text : narrow(shard, part))),
    range: undefined,
  }))
}

function planParts({ parts, metrics }: Enforced, source: DataSource): Plan {
  const steps = stepsOf(parts, source)
  const [first] = steps
  if (first === undefined) return { kind: 'nothing', steps: [], metrics, warning: contradiction }
  if (steps.length === 1) return { kind: 'pass', steps: [first], metrics }
  return { kind: 'union', steps, metrics }
}

/** Creates the planner of `series`, `labels` and `label/…/values`. */
export function createLookupPlanner() {
  const known = createTextMemo<{ readonly source: DataSource; readonly plan: Plan }>()
  return (matches: readonly string[], access: Access): Plan => {
    const { source, constraints } = access
    const key = `${accessKey(constraints)}\n${JSON.stringify(matches)}`
    const found = known.get(key)
    if (found?.source === source) return found.plan
    const plan = planParts(enforceMatches(matches, access), source)
    known.set(key, { source, plan })
    return plan
  }
}
