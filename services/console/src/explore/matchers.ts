import { tokenize } from '../parts/promql-tokens.ts'
import type { Explanation } from './answers.ts'

/** A matcher as it is written. */
export interface WrittenMatcher {
  readonly name: string
  readonly op: string
  readonly value: string
}

/** The matchers of each selector's braces in a query. */
export function matchersOf(query: string): WrittenMatcher[][] {
  const selectors: WrittenMatcher[][] = []
  const tokens = tokenize(query).filter(({ kind }) => kind !== 'space' && kind !== 'comment')
  for (const [i, token] of tokens.entries()) {
    if (token.text === '{') selectors.push([])
    const [op, value] = [tokens[i + 1], tokens[i + 2]]
    if (token.kind === 'label' && op !== undefined && value?.kind === 'string')
      selectors.at(-1)?.push({ name: token.text, op: op.text, value: unquote(value.text) })
  }
  return selectors
}

function unquote(text: string): string {
  if (text.startsWith('`')) return text.slice(1, -1)
  return text.slice(1, -1).replace(/\\(.)/g, '$1')
}

export function matcherText({ name, op, value }: WrittenMatcher): string {
  return `${name}${op}${JSON.stringify(value)}`
}

/** Why a matcher was added: the grants that impose it, a guardrail, or the tenants of the org. */
export type Reason =
  | { readonly kind: 'grant'; readonly role: string; readonly via: string; readonly grant: string }
  | { readonly kind: 'guardrail'; readonly uid: string; readonly excludes: string }
  | { readonly kind: 'tenant' }

export interface ExplainedMatcher {
  readonly text: string
  readonly reasons: readonly Reason[]
}

function reasonsFor(matcher: WrittenMatcher, { grants, guardrails }: Explanation['imposedBy']): Reason[] {
  const text = matcherText(matcher)
  const byGrant = grants.filter(({ constraints }) =>
    constraints.some((selector) =>
      matchersOf(selector)
        .flat()
        .some((one) => matcherText(one) === text),
    ),
  )
  if (byGrant.length > 0)
    return byGrant.map(({ role, via, grant }) => ({ kind: 'grant', role, via, grant }) as const)
  const byGuardrail = guardrails.filter(({ excludes }) =>
    matchersOf(excludes)
      .flat()
      .some(({ name, value }) => name === matcher.name && value === matcher.value),
  )
  if (byGuardrail.length > 0)
    return byGuardrail.map(({ uid, excludes }) => ({ kind: 'guardrail', uid, excludes }) as const)
  return [{ kind: 'tenant' }]
}

/** Each matcher of the constraints once, with what imposes it. */
export function explainMatchers({ constraints, imposedBy }: Explanation): ExplainedMatcher[] {
  const all = constraints.flatMap((selector) => matchersOf(selector).flat())
  const unique = new Map(all.map((matcher) => [matcherText(matcher), matcher]))
  return [...unique].map(([text, matcher]) => ({ text, reasons: reasonsFor(matcher, imposedBy) }))
}

/** A matcher of mine that no series within my constraints fits. */
export interface Contradiction {
  readonly mine: string
  readonly imposed: string
}

/**
 * Matchers of the query that cannot hold together with the constraints, as far as equality tells. With several alternatives all must
 * contradict it.
 */
export function contradictions({ query, constraints }: Explanation): Contradiction[] {
  const alternatives = constraints.map((selector) => matchersOf(selector).flat())
  const mine = matchersOf(query)
    .flat()
    .filter(({ op }) => op === '=')
  return mine.flatMap((matcher) => {
    const against = alternatives.map((imposed) =>
      imposed.find(({ name, op, value }) => op === '=' && name === matcher.name && value !== matcher.value),
    )
    const first = against[0]
    if (first === undefined || against.includes(undefined)) return []
    return [{ mine: matcherText(matcher), imposed: matcherText(first) }]
  })
}
