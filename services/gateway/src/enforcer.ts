import type { Constraints } from '@gatehouse/authz'
import { GatehouseError } from '@gatehouse/errors'
import {
  type Expr,
  type Matcher,
  parse,
  parseSelector,
  selectors,
  type VectorSelector,
} from '@gatehouse/promql'
import {
  type Conjunction,
  constraintSelector,
  enforce,
  enforceSelector,
  type EnforcedExpr,
  type EnforcedText,
  printEnforced,
} from '@gatehouse/query'
import { LRUCache } from 'lru-cache'
import type { Question } from './question.ts'

/** An enforced expression with its canonical text and the matchers of each of its selectors. */
export interface EnforcedPart {
  readonly expr: EnforcedExpr
  readonly text: EnforcedText
  readonly selectors: readonly Conjunction[]
}

/**
 * What may be sent upstream of a question. Of an expression one part for each alternative of the constraints: they overlap until a
 * planner makes them disjoint. Of `match[]` one part for each pair of selector and alternative: their union is the answer.
 */
export interface Enforced {
  readonly parts: readonly EnforcedPart[]
  /** Metric names the caller's selectors name. */
  readonly metrics: readonly string[]
}

/** Parses and enforces. */
export type Enforcer = (question: Question, constraints: Constraints) => Enforced

const maxRemembered = 10_000
/** Bound of all remembered texts together, in characters: trees take some twenty times as many bytes. */
const maxCharacters = 8_000_000
const nothing: Enforced = { parts: [], metrics: [] }

function matchersOf({ name, matchers }: VectorSelector): Conjunction {
  return name === undefined ? matchers : [{ name: '__name__', op: '=', value: name }, ...matchers]
}

function toPart(expr: EnforcedExpr): EnforcedPart {
  return { expr, text: printEnforced(expr), selectors: selectors(expr).map(matchersOf) }
}

function metricsOf(selectors: readonly VectorSelector[]): readonly string[] {
  const names = selectors
    .flatMap(matchersOf)
    .filter(({ name, op }) => name === '__name__' && op === '=')
    .map(({ value }) => value)
  return [...new Set(names)]
}

/** Parses a parameter; its errors name it, as Prometheus's do. */
function parseParameter<T extends Expr>(name: string, text: string, read: (text: string) => T): T {
  try {
    return read(text)
  } catch (error) {
    if (!(error instanceof GatehouseError) || error.code !== 'bad_data') throw error
    throw new GatehouseError('bad_data', `invalid parameter "${name}": ${error.message}`, { cause: error })
  }
}

function enforceExpression(text: string, { alternatives }: Constraints): Enforced {
  const expr = parseParameter('query', text, parse)
  const parts = alternatives.map((alternative) =>
    toPart(parseParameter('query', text, () => enforce(expr, alternative))),
  )
  return { parts, metrics: metricsOf(selectors(expr)) }
}

function enforceMatches(matches: readonly string[], { alternatives }: Constraints): Enforced {
  if (matches.length === 0) {
    return { parts: alternatives.map((alternative) => toPart(constraintSelector(alternative))), metrics: [] }
  }
  const parsed = matches.map((text) => parseParameter('match[]', text, parseSelector))
  const parts = parsed.flatMap((selector) =>
    alternatives.map((alternative) => toPart(enforceSelector(selector, alternative))),
  )
  return { parts, metrics: metricsOf(parsed) }
}

/** Canonical text of constraints, equal for equal access. */
export function constraintKey({ alternatives }: Constraints): string {
  return JSON.stringify(
    alternatives.map((matchers) => matchers.map(({ name, op, value }: Matcher) => [name, op, value])),
  )
}

/**
 * Creates an enforcer that remembers up to 10,000 results: parsing costs far more than everything else on the way of a small request.
 * The key is the whole input, so nothing can become stale.
 */
export function createEnforcer(): Enforcer {
  const remembered = new LRUCache<string, Enforced>({
    max: maxRemembered,
    maxSize: maxCharacters,
    sizeCalculation: (_enforced, key) => key.length,
  })
  // Decisions are remembered per policy version, so their constraints are the same objects.
  const keys = new WeakMap<Constraints, string>()
  return (question, constraints) => {
    if (question.kind === 'buildinfo') return nothing
    let access = keys.get(constraints)
    if (access === undefined) {
      access = constraintKey(constraints)
      keys.set(constraints, access)
    }
    const isExpression = question.kind === 'query' || question.kind === 'query_range'
    // JSON holds no line break, so the parts cannot run into each other.
    const key = isExpression
      ? `expression\n${access}\n${question.query}`
      : `selectors\n${access}\n${JSON.stringify(question.matches)}`
    const known = remembered.get(key)
    if (known !== undefined) return known
    const enforced = isExpression
      ? enforceExpression(question.query, constraints)
      : enforceMatches(question.matches, constraints)
    remembered.set(key, enforced)
    return enforced
  }
}
