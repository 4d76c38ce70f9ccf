import { GatehouseError } from '@gatehouse/errors'
import { printMatcher } from '@gatehouse/promql'
import { z } from 'zod'
import type { AccessQuestion } from '../authorize.ts'
import { explain, type Explanation } from '../explain.ts'
import { type Principal, type Resource, type ResourceKind, resourceKinds } from '../model.ts'
import { parseAsked, parseConstraint } from '../parse-constraint.ts'
import { isAction } from '../permissions.ts'
import { parseAccessDocument } from './check.ts'
import { personUid, policyOf } from './policy-of.ts'

const action = z.string().refine(isAction, { error: 'is not an action of policies/permissions.yaml' })
const who = z.union([
  z.strictObject({
    org: z.string(),
    groups: z.array(z.string()).optional(),
    teams: z.array(z.string()).optional(),
  }),
  z.strictObject({ org: z.string(), serviceAccount: z.string() }),
  z.strictObject({ org: z.string(), user: z.strictObject({ issuer: z.url(), subject: z.string() }) }),
])
const on = z.strictObject({
  kind: z.enum(resourceKinds).default('data-source'),
  uid: z.string(),
  org: z.string().optional().describe('Default: the asker’s org'),
  folder: z.string().optional(),
  team: z.string().optional(),
})
const expectation = z.strictObject({
  who,
  action,
  on,
  at: z.iso.datetime({ offset: true }).optional().describe('Default: the scenario’s time'),
  selector: z.string().optional(),
  expect: z.enum(['allow', 'deny']),
  constraints: z.array(z.string()).optional().describe('Exactly these alternatives'),
  because: z
    .string()
    .optional()
    .describe('For allow, `team:triage viewer`: subject and role. For deny, the condition that fails first'),
})

/** A scenario: given this access, expect these answers. */
export const scenarioSchema = z.strictObject({
  apiVersion: z.literal('gatehouse/v1'),
  kind: z.literal('Scenario'),
  name: z.string().min(1),
  at: z.iso.datetime({ offset: true }).default('2026-01-01T00:00:00Z'),
  given: z.unknown().describe('An access document'),
  expect: z.array(expectation).min(1),
})

export type Scenario = z.output<typeof scenarioSchema>
export type Expectation = Scenario['expect'][number]

/** Parses a scenario. Throws GatehouseError `bad_data` naming what is wrong. */
export function parseScenario(value: unknown): Scenario {
  const parsed = scenarioSchema.safeParse(value)
  if (!parsed.success) throw new GatehouseError('bad_data', z.prettifyError(parsed.error))
  return parsed.data
}

/** An answer as a scenario looks at it, from the decision functions or from a running system. */
export interface ScenarioAnswer {
  readonly isAllowed: boolean
  /** Undefined if it is allowed, or not told. */
  readonly firstFailing: string | undefined
  /** `team:triage viewer` of every grant that allows. */
  readonly reasons: readonly string[]
  /** The alternatives as selectors. */
  readonly selectors: readonly string[]
}

function answerOf({ decision, paths, firstFailing }: Explanation): ScenarioAnswer {
  const alternatives = decision.allowed ? decision.constraints.alternatives : []
  return {
    isAllowed: decision.allowed && firstFailing === undefined,
    firstFailing,
    reasons: paths
      .filter(({ fails }) => fails === undefined)
      .map(({ grant: { subject, role } }) => `${subject.kind}:${subject.uid} ${role}`),
    selectors: alternatives.map((matchers) => `{${matchers.map(printMatcher).join(',')}}`),
  }
}

/** How an answer differs from what was expected; empty if it does not. */
export function compareAnswer(
  expected: Expectation,
  { isAllowed, firstFailing, reasons, selectors }: ScenarioAnswer,
): readonly string[] {
  const differences: string[] = []
  if (isAllowed !== (expected.expect === 'allow'))
    differences.push(
      `is ${isAllowed ? 'allowed' : `denied (${firstFailing ?? ''})`}, expected ${expected.expect}`,
    )
  const { because, constraints } = expected
  if (because !== undefined && !isAllowed && firstFailing !== because)
    differences.push(`fails first at ${firstFailing ?? 'nothing'}, expected ${because}`)
  if (because !== undefined && isAllowed && !reasons.includes(because))
    differences.push(`because of ${reasons.join(', ')}, expected ${because}`)
  const print = (alternatives: readonly string[]): string => alternatives.toSorted().join(' or ')
  if (constraints !== undefined && print(selectors) !== print(constraints.map(normalise)))
    differences.push(`constraints are ${print(selectors)}, expected ${print(constraints)}`)
  return differences
}

function normalise(text: string): string {
  return `{${parseConstraint(text).map(printMatcher).join(',')}}`
}

function principalOf(scenario: ReturnType<typeof policiesOf>, { who: asker }: Expectation): Principal {
  const policy = scenario.get(asker.org)
  const common = {
    orgUid: asker.org,
    identity: undefined,
    credential: { kind: 'bearer', id: 'scenario' },
  } as const
  if ('serviceAccount' in asker) {
    const { serviceAccount: uid } = asker
    const team = policy?.serviceAccounts.find((account) => account.uid === uid)?.teamUid
    return { kind: 'service-account', uid, name: uid, teams: team === undefined ? [] : [team], ...common }
  }
  if ('user' in asker) {
    const uid = personUid(asker.user)
    const teams = policy?.members.find((member) => member.uid === uid)?.teams.map((team) => team.uid) ?? []
    return { kind: 'user', uid, name: asker.user.subject, teams, ...common }
  }
  const groups = asker.groups ?? []
  const mapped =
    policy?.teams.filter(({ idpGroups }) => idpGroups.some((group) => groups.includes(group))) ?? []
  const teams = [...(asker.teams ?? []), ...mapped.map(({ uid }) => uid)]
  return { kind: 'user', uid: 'scenario', name: 'scenario', teams, ...common }
}

function resourceOf({ on: target, who: asker }: Expectation): Resource {
  const kind: ResourceKind = target.kind
  return {
    kind,
    uid: target.uid,
    orgUid: target.org ?? asker.org,
    folderUid: target.folder,
    teamUid: target.team,
  }
}

function policiesOf(scenario: Scenario) {
  return new Map(parseAccessDocument(scenario.given).orgs.map((org) => [org.uid, policyOf(org)]))
}

/** One expectation's outcome. */
export interface ScenarioResult {
  readonly expectation: Expectation
  readonly differences: readonly string[]
}

/**
 * Runs a scenario on the decision functions alone.
 * @throws GatehouseError `bad_data` if its access document is not valid or an asker's org is not in it.
 */
export function runScenario(scenario: Scenario): readonly ScenarioResult[] {
  const policies = policiesOf(scenario)
  return scenario.expect.map((expected) => {
    const policy = policies.get(expected.who.org)
    if (policy === undefined) throw new GatehouseError('bad_data', `there is no org ${expected.who.org}`)
    const question: AccessQuestion = {
      principal: principalOf(policies, expected),
      action: expected.action,
      resource: resourceOf(expected),
      now: Date.parse(expected.at ?? scenario.at),
    }
    const selector = expected.selector === undefined ? undefined : parseAsked(expected.selector)
    return {
      expectation: expected,
      differences: compareAnswer(expected, answerOf(explain(policy, { ...question, selector }))),
    }
  })
}
