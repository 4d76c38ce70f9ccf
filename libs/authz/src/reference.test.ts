import type { Matcher } from '@gatehouse/promql'
import { describe, expect, it } from 'vitest'
import { authorize } from './authorize.ts'
import { explain } from './explain.ts'
import type { Principal } from './model.ts'
import type { OrgPolicy } from './policy.ts'
import {
  allActions,
  allowingGrants,
  createRandom,
  dataActions,
  isData,
  matches,
  overlapOfSets,
  principalsOf,
  type Question,
  randomConjunction,
  randomPolicy,
  randomResource,
  readable,
  universe,
} from './reference.ts'
import { whoCan } from './who-can.ts'

/** Compares one question; a sentence if anything differs. */
function disagreement(
  policy: OrgPolicy,
  question: Question,
  selector: readonly Matcher[],
): string | undefined {
  const decision = authorize(policy, question)
  const explanation = explain(policy, { ...question, selector })
  const grants = allowingGrants(policy, question)
  if (!isData(question.action)) {
    if (decision.allowed !== grants.length > 0) return `allowed is ${decision.allowed}`
    if ((explanation.firstFailing === undefined) !== grants.length > 0)
      return `explained as ${explanation.firstFailing}`
    return undefined
  }
  const expected = readable(policy, question)
  const alternatives = decision.allowed ? decision.constraints.alternatives : []
  const admitted = universe.filter((series) =>
    alternatives.some((all) => all.every((m) => matches(series, m))),
  )
  if (admitted.length !== expected.size || admitted.some((series) => !expected.has(series)))
    return `admits ${admitted.length} of ${expected.size} series`
  const allowing = explanation.paths.filter(({ fails }) => fails === undefined).map(({ grant }) => grant.uid)
  if (
    allowing.toSorted().join() !==
      grants
        .map(({ uid }) => uid)
        .toSorted()
        .join() &&
    explanation.firstFailing !== 'account'
  )
    return `explains by ${allowing.join()}`
  if (!decision.allowed)
    return expected.size === 0 && explanation.firstFailing !== undefined ? undefined : 'denied'
  const selected = universe.filter((series) => selector.every((m) => matches(series, m)))
  const overlap = overlapOfSets(selected, expected)
  if (explanation.overlap !== overlap) return `overlap ${explanation.overlap}, expected ${overlap}`
  return (explanation.firstFailing === 'selector') === (overlap === 'none') ? undefined : 'selector'
}

function whoDisagreement(
  policy: OrgPolicy,
  question: Omit<Question, 'principal'>,
  selector: readonly Matcher[],
): string | undefined {
  const found = whoCan(policy, { ...question, selector }).map(
    ({ kind, uid, overlap }) => `${kind} ${uid} ${overlap}`,
  )
  const selected = universe.filter((series) => selector.every((m) => matches(series, m)))
  const expected = principalsOf(policy).flatMap((principal) => {
    const asked = { ...question, principal }
    if (!isData(question.action))
      return allowingGrants(policy, asked).length > 0 ? [`${principal.kind} ${principal.uid} all`] : []
    const overlap = overlapOfSets(selected, readable(policy, asked))
    return overlap === 'none' ? [] : [`${principal.kind} ${principal.uid} ${overlap}`]
  })
  return found.join() === expected.join() ? undefined : `who is ${found.join()}, expected ${expected.join()}`
}

const policies = 5_000
const questionsEach = 20

describe('authorize, explain and who', () => {
  it(`agree with a brute-force reference on ${policies * questionsEach} random questions`, {
    timeout: 300_000,
  }, () => {
    const seed = Number(process.env['GATEHOUSE_TEST_SEED'] ?? 20_260_101)
    const seen = { allowed: 0, denied: 0 }
    for (let p = 0; p < policies; p++) {
      const random = createRandom(seed + p)
      const policy = randomPolicy(random)
      const principals = principalsOf(policy)
      for (let q = 0; q < questionsEach; q++) {
        const action = random.chance(0.6) ? random.pick(dataActions) : random.pick(allActions)
        const stranger = {
          ...(principals[0] as Principal),
          uid: 'stranger',
          orgUid: random.pick(['org', 'elsewhere']),
        }
        const principal = random.chance(0.05) ? stranger : random.pick(principals)
        const question = {
          principal,
          action,
          resource: randomResource(random, action),
          now: random.pick([5, 10, 15, 20, 29, 30, 31]),
        }
        const selector = randomConjunction(random)
        const differs = disagreement(policy, question, selector)
        if (differs !== undefined)
          throw new Error(
            `seed ${seed + p}, question ${q}: ${differs}\n${JSON.stringify({ question, selector, policy }, undefined, 1)}`,
          )
        seen[authorize(policy, question).allowed ? 'allowed' : 'denied'] += 1
        if (q % 10 === 0) {
          const who = whoDisagreement(policy, question, selector)
          if (who !== undefined)
            throw new Error(
              `seed ${seed + p}, question ${q}: ${who}\n${JSON.stringify({ question, selector, policy }, undefined, 1)}`,
            )
        }
      }
    }
    // Both answers must be common, or the agreement would mean little.
    expect(seen.allowed).toBeGreaterThan(10_000)
    expect(seen.denied).toBeGreaterThan(10_000)
  })
})
