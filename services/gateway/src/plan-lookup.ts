import {
  type Conjunction,
  constraintSelector,
  type DataSource,
  enforceSelector,
  type EnforcedText,
  printEnforced,
  pruneShards,
  type Shard,
} from '@gatehouse/query'
import { type Access, accessKey } from './access.ts'
import { createTextMemo } from './memo.ts'
import { matchersOf, metricsOf, parseMatch, readingParameter } from './parse.ts'
import type { Plan, PlanStep } from './plan.ts'

/** One enforced selector. */
interface Part {
  readonly text: EnforcedText
  readonly matchers: Conjunction
}

interface Enforced {
  readonly parts: readonly Part[]
  readonly metrics: readonly string[]
}

/** What is said when nothing is asked because nothing could match. */
export const contradiction =
  'no series you may see can match: the selectors contradict what your grants admit'

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
    text: printEnforced(selector),
    matchers: matchersOf(selector),
  }))
  return { parts, metrics: metricsOf(asked) }
}

function stepsOf(parts: readonly Part[], source: DataSource): readonly PlanStep[] {
  const texts = new Map<Shard, EnforcedText[]>()
  for (const { text, matchers } of parts) {
    for (const shard of pruneShards([matchers], source)) {
      const own = texts.get(shard) ?? []
      texts.set(shard, own)
      own.push(text)
    }
  }
  return [...texts].map(([shard, own]) => ({ shard, texts: own, range: undefined }))
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
