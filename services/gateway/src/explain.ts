import type { Because, OrgPolicy } from '@gatehouse/authz'
import { GatehouseError } from '@gatehouse/errors'
import { escapeRegex, type Expr, parse, print, printMatcher } from '@gatehouse/promql'
import {
  bypassReason,
  bypassReasons,
  cacheFacts,
  type Conjunction,
  createAdmission,
  describePlan,
  engineName,
  formatTime,
  type Freshness,
  limitShares,
  measureQuery,
  type Plan as QueryPlan,
  settledUntil,
  type TimeRange,
} from '@gatehouse/query'
import { partitionsOf } from './access.ts'
import { type Answer, success } from './answer.ts'
import type { Execution } from './ask.ts'
import { readingParameter } from './parse.ts'
import { planAccess } from './plan-expression.ts'
import type { Question } from './question.ts'

type Explained = Pick<Extract<Question, { kind: 'explain' }>, 'query' | 'range' | 'options'>

function selectorText(conjunction: Conjunction): string {
  return `{${conjunction.map(printMatcher).join(',')}}`
}

function timesOf({ start, end, step }: TimeRange): object {
  if (step === 0) return { time: formatTime(start) }
  return { start: formatTime(start), end: formatTime(end), step: String(step / 1000) }
}

/**
 * Which grants imposed what; the tenants of the org and its guardrails stand beside them. Of matchers on the tenant the org's own
 * tenants are shown that they admit, where that is not all: a grant may name tenants that are none of the org's.
 */
function imposedBy(because: readonly Because[], policy: OrgPolicy, tenantLabel: string): object {
  const tenantsOf = (conjunction: Conjunction): Conjunction => {
    const admits = createAdmission([conjunction.filter(({ name }) => name === tenantLabel)])
    const admitted = policy.tenants.filter((tenant) => admits({ [tenantLabel]: tenant }))
    if (admitted.length === policy.tenants.length) return []
    const [only = ''] = admitted
    return admitted.length < 2
      ? [{ name: tenantLabel, op: '=', value: only }]
      : [{ name: tenantLabel, op: '=~', value: admitted.map(escapeRegex).join('|') }]
  }
  const textOf = (conjunction: Conjunction): string =>
    selectorText([...tenantsOf(conjunction), ...conjunction.filter(({ name }) => name !== tenantLabel)])
  const grants = because.map(({ grantUid, role, via }) => {
    const grant = policy.grants.find(({ uid }) => uid === grantUid)
    return { grant: grantUid, role, via, constraints: grant?.constraints.map(textOf) ?? [] }
  })
  const guardrails = policy.guardrails.map(({ uid, selector }) => ({ uid, excludes: textOf(selector) }))
  return { grants, tenants: policy.tenants, guardrails }
}

/** Only ranges by-pass the cache: an instant's answer is kept as it is, for a moment at least. */
function cacheOf(expr: Expr, { range, options }: Explained, freshness: Freshness | undefined): object {
  if (freshness === undefined) return { cacheable: false, because: 'the results cache is switched off' }
  const settled = settledUntil(Date.now(), freshness)
  const demand = { noStore: false, limit: options.limit, stats: options.stats }
  const reason = range.step === 0 ? undefined : bypassReason(cacheFacts(expr), demand, settled)
  if (reason !== undefined) return { cacheable: false, reason, because: bypassReasons[reason] }
  return { cacheable: range.start <= settled, until: formatTime(Math.min(settled, range.end)) }
}

function planOf(planned: QueryPlan): object {
  const { kind, pushedDown, evaluatedHere, engineStandsBy, engine, beyond } = describePlan(planned)
  return {
    kind,
    pushedDown: pushedDown.map(({ expression, requests }) => ({
      expression,
      requests: requests.map(({ shard, query, range }) => ({ shard, query, ...timesOf(range) })),
    })),
    evaluatedHere,
    engineStandsBy,
    ...(engine === undefined ? {} : { engine: { query: engine.query, ...timesOf(engine.range) } }),
    ...(beyond === undefined ? {} : { beyond }),
  }
}

/** The plan, or why there is none: that is an answer here, not an error. */
function tryPlan(
  expr: Expr,
  { query, range }: Pick<Explained, 'query' | 'range'>,
  { access }: Execution,
): QueryPlan | { readonly refused: string } {
  try {
    return planAccess(expr, { query, range, lookbackMs: undefined }, access)
  } catch (error) {
    if (error instanceof GatehouseError && error.code === 'execution') return { refused: error.message }
    throw error
  }
}

/**
 * `explain`: how a query would be answered for this caller, and why so. Nothing is read of any shard but its version.
 * @throws GatehouseError `bad_data` for what is not a query.
 */
export function explainQuery(question: Explained, execution: Execution): Answer {
  const { access, because, policy } = execution
  const { query, range } = question
  const expr = readingParameter('query', () => parse(query))
  const planned = tryPlan(expr, question, execution)
  const isRefused = 'refused' in planned
  const enforced = isRefused
    ? []
    : planned.kind === 'evaluate'
      ? planned.requests.map(({ text }) => text)
      : [planned.request.text]
  const shards = isRefused ? [] : shardsOf(planned)
  const measured = measureQuery(query, expr, range)
  const explanation = {
    query: print(expr),
    ...timesOf(range),
    enforced: [...new Set(enforced)],
    constraints: access.constraints.alternatives.map(selectorText),
    imposedBy: imposedBy(because, policy, access.source.tenantLabel),
    partitions: partitionsOf(access.constraints).map(selectorText),
    shards,
    plan: isRefused ? { kind: 'refused', because: planned.refused } : planOf(planned),
    cost: { ...measured, requests: enforced.length },
    limits: limitShares(measured, execution.limits),
    cache: isRefused ? { cacheable: false } : cacheOf(expr, question, execution.freshness),
  }
  return success(JSON.stringify(explanation))
}

function shardsOf(planned: QueryPlan): readonly string[] {
  if (planned.kind === 'engine') return [engineName]
  const requests = planned.kind === 'evaluate' ? planned.requests : [planned.request]
  return [...new Set(requests.map(({ shard }) => shard))]
}
