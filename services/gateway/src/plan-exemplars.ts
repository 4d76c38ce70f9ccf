import { selectors } from '@gatehouse/promql'
import { enforce, printEnforced, pruneShards } from '@gatehouse/query'
import type { Access } from './access.ts'
import { createExpressionParser, matchersOf, readingParameter } from './parse.ts'
import { checkFeatures } from './plan-expression.ts'
import { contradiction } from './contradiction.ts'
import type { Plan } from './plan.ts'

/**
 * Creates the planner of `query_exemplars`: of the expression only its selectors count, so every alternative is asked for on its own,
 * and where two overlap their answers are united.
 */
export function createExemplarPlanner() {
  const parse = createExpressionParser()
  return (query: string, { source, version, constraints: { alternatives } }: Access): Plan => {
    const { expr, metrics } = parse(query)
    readingParameter('query', () => checkFeatures(expr, version))
    if (selectors(expr).length === 0) return { kind: 'nothing', steps: [], metrics, warning: undefined }
    const steps = alternatives.flatMap((alternative) => {
      const enforced = readingParameter('query', () => enforce(expr, alternative))
      const texts = [printEnforced(enforced)]
      const shards = pruneShards(selectors(enforced).map(matchersOf), source)
      return shards.map((shard) => ({ shard, texts, range: undefined }))
    })
    if (steps.length === 0) return { kind: 'nothing', steps, metrics, warning: contradiction }
    return { kind: 'union', steps, metrics }
  }
}
