import { print } from '@gatehouse/promql'
import { engineName, type TimeRange } from '../model.ts'
import type { Beyond, EngineRequest, EvaluatePlan, LeafNode, Plan, PlanNode } from './model.ts'

/** One query to one shard. */
export interface DescribedRequest {
  readonly shard: string
  readonly query: string
  readonly range: TimeRange
}

/** A part of the expression that shards evaluate. */
export interface DescribedPart {
  readonly expression: string
  readonly requests: readonly DescribedRequest[]
}

/** A plan in words and plain data, for people and for `/explain`. */
export interface PlanDescription {
  /** `pass`: one shard answers; `evaluate`: answers are put together here; `engine`: the global engine answers. */
  readonly kind: Plan['kind']
  readonly pushedDown: readonly DescribedPart[]
  /** Sub-expressions evaluated here over what shards answer, outermost first. */
  readonly evaluatedHere: readonly string[]
  /** Whether the global engine takes over should the answers hold native histograms that would have to be combined. */
  readonly engineStandsBy: boolean
  /** What the global engine is asked: the whole query, at once or when it has to stand in. */
  readonly engine: DescribedRequest | undefined
  /** Why the global engine is needed. */
  readonly beyond: Beyond | undefined
}

/** Tells what of a plan is evaluated where. */
export function describePlan(plan: Plan): PlanDescription {
  const nothing = {
    pushedDown: [],
    evaluatedHere: [],
    engineStandsBy: false,
    engine: undefined,
    beyond: undefined,
  }
  switch (plan.kind) {
    case 'pass': {
      const { shard, text, range } = plan.request
      return {
        ...nothing,
        kind: 'pass',
        pushedDown: [{ expression: text, requests: [{ shard, query: text, range }] }],
      }
    }
    case 'engine':
      return { ...nothing, kind: 'engine', engine: describeEngine(plan.request), beyond: plan.beyond }
    case 'evaluate': {
      const nodes = nodesOf(plan.root)
      const leaves = nodes.filter((node) => node.kind === 'leaf')
      return {
        ...nothing,
        kind: 'evaluate',
        pushedDown: leaves.map((leaf) => describeLeaf(leaf, plan)),
        evaluatedHere: nodes.flatMap(describeNode),
        engineStandsBy: plan.engine !== undefined,
        engine: plan.engine && describeEngine(plan.engine),
      }
    }
  }
}

function describeEngine({ text, range }: EngineRequest): DescribedRequest {
  return { shard: engineName, query: text, range }
}

function describeLeaf(leaf: LeafNode, plan: EvaluatePlan): DescribedPart {
  const requests = leaf.requests.flat().flatMap((id) => {
    const request = plan.requests[id]
    return request === undefined ? [] : [{ shard: request.shard, query: request.text, range: request.range }]
  })
  return { expression: print(leaf.expr), requests }
}

function describeNode(node: PlanNode): string[] {
  switch (node.kind) {
    case 'leaf': {
      const parts = node.requests.length
      return node.overlap !== 'merge' && parts > 1 ? [`union of ${parts} parts: ${print(node.expr)}`] : []
    }
    case 'merge':
      return [`merge of partial ${node.op}: ${print(node.expr)}`]
    case 'number':
    case 'string':
      return []
    case 'absent':
    case 'call':
    case 'aggregate':
    case 'binary':
    case 'negate':
    case 'range':
      return [print(node.expr)]
  }
}

/** A node and all below it, parents first. */
export function nodesOf(node: PlanNode): PlanNode[] {
  return [node, ...childrenOf(node).flatMap(nodesOf)]
}

/** The nodes that a node is computed from. */
export function childrenOf(node: PlanNode): readonly PlanNode[] {
  switch (node.kind) {
    case 'number':
    case 'string':
    case 'leaf':
      return []
    case 'merge':
      return node.parts
    case 'absent':
    case 'negate':
    case 'range':
      return [node.input]
    case 'call':
      return node.args
    case 'aggregate':
      return node.param === undefined ? [node.input] : [node.param, node.input]
    case 'binary':
      return [node.lhs, node.rhs]
  }
}
