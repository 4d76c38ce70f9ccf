import {
  type ApprovedDashboard,
  authorize,
  authorizeByCapability,
  createCapabilities,
  dashboardPaths,
  explain,
  type OrgPolicy,
  type Principal,
  whoCan,
  type WhoQuestion,
  whoThroughDashboards,
} from '@gatehouse/authz'
import {
  type Board,
  createRandom,
  dataActions,
  matches,
  overlapOfSets,
  principalsOf,
  type Question,
  randomBoards,
  randomConjunction,
  randomPolicy,
  randomResource,
  readable,
  readableThroughBoards,
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

const capabilityOf = createCapabilities()

function textOf(selector: readonly Matcher[]): string {
  return `requests_total{${selector.map(printMatcher).join(',')}}`
}

function approvedOf({ uid, folderUid, by, dataSources, constraints, queries }: Board): ApprovedDashboard {
  const content = {
    uid,
    title: uid,
    variables: [],
    queries: queries.map((query, i) => ({
      where: `panel ${i}`,
      kind: 'panel' as const,
      text: textOf(query),
    })),
  }
  return { uid, folderUid, version: 1, approval: { by, dataSources, constraints }, content }
}

/** What the gateway lets through of every query of every dashboard, to somebody whom no grant lets query. */
function shownByDashboards(
  policy: OrgPolicy,
  question: Question,
  dashboards: readonly ApprovedDashboard[],
): ReadonlySet<Series> {
  const texts = dashboards.flatMap(({ content }) => content.queries.map(({ text }) => text))
  // One at a time, as clients ask: each dashboard alone, so that none stands in for another.
  const sent = dashboards.flatMap((dashboard) =>
    texts.flatMap((text) => {
      const request = { kind: 'expr', expr: parse(text) } as const
      const asked = { request, dashboards: [dashboard], capabilityOf, hint: undefined }
      const decision = authorizeByCapability(policy, question, asked)
      const alternatives = decision.allowed ? decision.constraints.alternatives : []
      return alternatives.map((alternative) => enforcedMatchers(text, alternative))
    }),
  )
  return new Set(
    universe.filter((series) => sent.some((all) => all.every((matcher) => matches(series, matcher)))),
  )
}

/** How the data plane, explain and who differ from the reference about dashboards; undefined if they agree. */
function dashboardsDisagree(
  policy: OrgPolicy,
  question: Question,
  { boards, selector, asksWho }: { boards: readonly Board[]; selector: readonly Matcher[]; asksWho: boolean },
): string | undefined {
  const dashboards = boards.map(approvedOf)
  const given = { dashboards, capabilityOf }
  const expected = readableThroughBoards(policy, question, boards)
  const shown = shownByDashboards(policy, question, dashboards)
  if (shown.size !== expected.size || [...shown].some((series) => !expected.has(series)))
    return `dashboards show ${shown.size} of ${expected.size} series`
  const named: readonly Matcher[] = [{ name: '__name__', op: '=', value: 'requests_total' }, ...selector]
  const paths = dashboardPaths(policy, { ...question, selector: named }, given)
  const selected = universe.filter((series) => selector.every((matcher) => matches(series, matcher)))
  const overlap = overlapOfSets(selected, expected)
  if (paths.length > 0 !== (overlap !== 'none')) return `explained by ${paths.length} dashboards: ${overlap}`
  if (!asksWho) return undefined
  const listed = whoThroughDashboards(policy, { ...question, selector: named }, given).find(
    ({ kind, uid }) => kind === question.principal.kind && uid === question.principal.uid,
  )
  return (listed?.overlap ?? 'none') === overlap ? undefined : `who says ${listed?.overlap}, not ${overlap}`
}

/** The policy with a team that may open every dashboard and a user who may query everything, as somebody to approve. */
function withReaders(policy: OrgPolicy): OrgPolicy {
  const reading = {
    name: 'opener',
    version: 1,
    description: '',
    permissions: [{ action: 'dashboards:read', scope: '*' }],
  } as const
  const asking = {
    ...reading,
    name: 'asker',
    permissions: [{ action: 'datasources:query', scope: '*' }],
  } as const
  const common = {
    where: { kind: 'org' },
    constraints: [],
    notBefore: undefined,
    expiresAt: undefined,
    reason: '',
  } as const
  return {
    ...policy,
    roles: [...policy.roles, reading, asking],
    grants: [
      ...policy.grants,
      { uid: 'o', subject: { kind: 'team', uid: 'a' }, role: 'opener', ...common },
      { uid: 'q', subject: { kind: 'user', uid: 'u1' }, role: 'asker', ...common },
      { uid: 's', subject: { kind: 'service-account', uid: 's1' }, role: 'asker', ...common },
    ],
  }
}

const boardPolicies = 250
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
        const asked = textOf(selector)
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

  it(`shows through dashboards what their queries and approvers give, on ${boardPolicies * questionsEach} random questions`, {
    timeout: 300_000,
  }, () => {
    const seed = Number(process.env['GATEHOUSE_TEST_SEED'] ?? 20_261_122)
    const seen = { some: 0, none: 0 }
    for (let p = 0; p < boardPolicies; p++) {
      const random = createRandom(seed + p)
      const boards = randomBoards(random)
      const policy = withReaders(randomPolicy(random))
      for (let q = 0; q < questionsEach; q++) {
        const principal = random.pick(principalsOf(policy))
        const question = {
          principal,
          action: 'datasources:query',
          resource: { kind: 'data-source', uid: 'main', orgUid: random.chance(0.95) ? 'org' : 'elsewhere' },
          now: random.pick([5, 15, 25, 31]),
        } as const
        if (authorize(policy, question).allowed) continue
        const selector = randomConjunction(random)
        const differs = dashboardsDisagree(policy, question, { boards, selector, asksWho: q % 10 === 0 })
        if (differs !== undefined)
          throw new Error(
            `seed ${seed + p}, question ${q}: ${differs}\n${JSON.stringify({ question, selector, boards, policy }, undefined, 1)}`,
          )
        seen[readableThroughBoards(policy, question, boards).size > 0 ? 'some' : 'none'] += 1
      }
    }
    console.log(`dashboards: ${JSON.stringify(seen)}`)
    expect(Math.min(seen.some, seen.none)).toBeGreaterThan(100)
  })
})
