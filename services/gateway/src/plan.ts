import {
  type EnforcedText,
  type EvaluatePlan,
  type Shard,
  type TimeRange,
  withNewest,
} from '@gatehouse/query'
import type { Access } from './access.ts'
import { createExemplarPlanner } from './plan-exemplars.ts'
import { createExpressionPlanner } from './plan-expression.ts'
import { familyMatches, planFilter, planMetadata } from './plan-filter.ts'
import { createLookupPlanner } from './plan-lookup.ts'
import type { Question } from './question.ts'

/** One request to one shard. */
export interface PlanStep {
  readonly shard: Shard
  /** The enforced expression, or the enforced selectors. */
  readonly texts: readonly EnforcedText[]
  /** Evaluation times of an expression; a step of 0 is an instant query. */
  readonly range: TimeRange | undefined
}

interface Common {
  readonly steps: readonly PlanStep[]
  /** Metric names that the caller's selectors name. */
  readonly metrics: readonly string[]
}

/** How a question is answered. */
export type Plan =
  /** Here, from no series. */
  | (Common & { readonly kind: 'local' })
  /** By nobody: no shard can hold what is asked for. */
  | (Common & { readonly kind: 'nothing'; readonly warning: string | undefined })
  /** By one shard, whose answer is passed through. */
  | (Common & { readonly kind: 'pass'; readonly steps: readonly [PlanStep] })
  /** By all shards that may hold anything of the caller's, whose answers are filtered. */
  | (Common & { readonly kind: 'filter' })
  /** By several shards, whose lists are united. */
  | (Common & { readonly kind: 'union' })
  /** By shards and the evaluation of their answers here; the steps are the evaluation's requests in their order. */
  | (Common & {
      readonly kind: 'evaluate'
      readonly evaluation: EvaluatePlan
      /** Said with the answer. */
      readonly warnings: readonly string[]
      /** Asked instead should the answers hold what cannot be computed with. */
      readonly engine: PlanStep | undefined
    })
  /** By the global engine. */
  | (Common & { readonly kind: 'engine'; readonly steps: readonly [PlanStep] })

/** Parses and enforces a question and chooses its shards. @throws GatehouseError `bad_data`, `execution`, `unavailable` */
export type Planner = (question: Question, access: Access) => Plan

const local: Plan = { kind: 'local', steps: [], metrics: [] }

/** Creates the planner; it remembers what does not depend on the request's times. */
export function createPlanner(): Planner {
  const planExpression = createExpressionPlanner()
  const planLookup = createLookupPlanner()
  const planExemplars = createExemplarPlanner()
  return (question, access) => {
    switch (question.kind) {
      case 'query': {
        const { query, time, options } = question
        const range = { start: time, end: time, step: 0 }
        return planExpression({ query, range, lookbackMs: options.lookbackDelta }, access)
      }
      case 'query_range': {
        const { query, range, options } = question
        return planExpression({ query, range, lookbackMs: options.lookbackDelta }, access)
      }
      case 'series':
      case 'labels':
      case 'label_values':
        return planLookup(question.matches, access)
      case 'federate':
        return planLookup(question.matches, { ...access, source: withNewest(access.source) })
      case 'query_exemplars':
        return planExemplars(question.query, access)
      case 'metadata':
        return planMetadata(planLookup(familyMatches(question.metric), access), question.metric)
      case 'rules':
      case 'alerts':
      case 'targets':
        return planFilter(access)
      case 'format_query':
      case 'parse_query':
      case 'alertmanager':
      case 'explain':
      case 'features':
      case 'buildinfo':
      case 'status':
        return local
    }
  }
}
