import {
  authorize,
  explain,
  type OrgPolicy,
  type Principal,
  whoCan,
  type WhoQuestion,
} from '@gatehouse/authz'
import {
  createRandom,
  dataActions,
  matches,
  principalsOf,
  randomConjunction,
  randomPolicy,
  randomResource,
  readable,
  type Series,
  universe,
} from '@gatehouse/authz/reference'
import { type Matcher, parse, printMatcher } from '@gatehouse/promql'
import { enforce } from '@gatehouse/query'
import { describe, expect, it } from 'vitest'

/**
 * The series that the data plane's own steps let through (authorise, parse, enforce each alternative) are, one by one, those that
 * a second evaluator says the grants give, and explain and who say the same. The second evaluator shares no code with the first.
 */

const policies = 5_000
const questionsEach = 20

/** Matchers of the one selector of an enforced query, its name aside. */
function enforcedMatchers(text: string, alternative: readonly Matcher[]): readonly Matcher[] {
  const expr = enforce(parse(text), alternative)
  if (expr.kind !== 'VectorSelector') throw new Error(`${text} is no selector`)
  return expr.matchers
}

/** Whom `who` lists, and who reads one of the selected series says the second evaluator; each by kind and uid. */
function listOf(
  policy: OrgPolicy,
  question: WhoQuestion & { readonly selector: readonly Matcher[] },
): { readonly listed: readonly string[]; readonly readers: readonly string[] } {
  const nameOf = ({ kind, uid }: { readonly kind: string; readonly uid: string }): string => `${kind} ${uid}`
  const selected = universe.filter((series) => question.selector.every((matcher) => matches(series, matcher)))
  const reads = (principal: Principal): boolean => {
    const admitted = readable(policy, { ...question, principal })
    return selected.some((series) => admitted.has(series))
  }
  return {
    listed: whoCan(policy, question).map(nameOf).toSorted(),
    readers: principalsOf(policy).filter(reads).map(nameOf).toSorted(),
  }
}

describe('the data plane', () => {
  it(`shows what the grants give and no more, on ${policies * questionsEach} random questions`, {
    timeout: 300_000,
  }, () => {
    const seed = Number(process.env['GATEHOUSE_TEST_SEED'] ?? 20_261_122)
    const seen = { shown: 0, hidden: 0, denied: 0, listed: 0, left: 0 }
    for (let p = 0; p < policies; p++) {
      const random = createRandom(seed + p)
      const policy = randomPolicy(random)
      const principals = principalsOf(policy)
      for (let q = 0; q < questionsEach; q++) {
        const action = random.pick(dataActions)
        const principal = random.pick(principals)
        if (principal === undefined) continue
        const question = {
          principal,
          action,
          resource: randomResource(random, action),
          now: random.pick([5, 15, 25, 31]),
        }
        const selector = randomConjunction(random)
        const decision = authorize(policy, question)
        const alternatives = decision.allowed ? decision.constraints.alternatives : []
        const asked = `requests_total{${selector.map(printMatcher).join(',')}}`
        const sent = alternatives.map((alternative) => enforcedMatchers(asked, alternative))
        const shown = universe.filter((series) =>
          sent.some((all) => all.every((matcher) => matches(series, matcher))),
        )
        const admitted: ReadonlySet<Series> = readable(policy, question)
        const selected = universe.filter((series) => selector.every((matcher) => matches(series, matcher)))
        const expected = selected.filter((series) => admitted.has(series))
        const explained = explain(policy, { ...question, selector })
        const says: unknown[] = [shown.length, explained.firstFailing === undefined]
        const should: unknown[] = [expected.length, expected.length > 0]
        // Who lists everybody, so everybody is compared; one question in ten is enough.
        if (q % 10 === 0) {
          const { listed, readers } = listOf(policy, { ...question, selector })
          says.push(...listed)
          should.push(...readers)
          seen.listed += readers.length
          seen.left += principals.length - readers.length
        }
        if (
          JSON.stringify(says) !== JSON.stringify(should) ||
          shown.some((series) => !expected.includes(series))
        )
          throw new Error(
            `seed ${seed + p}, question ${q}: ${says.join()} expected ${should.join()}\n${asked}\n${JSON.stringify({ question, policy }, undefined, 1)}`,
          )
        seen.shown += expected.length > 0 ? 1 : 0
        seen.hidden += expected.length < selected.length ? 1 : 0
        seen.denied += decision.allowed ? 0 : 1
      }
    }
    console.log(`data plane: ${policies * questionsEach} questions, ${JSON.stringify(seen)}`)
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(4_000)
  })
})
