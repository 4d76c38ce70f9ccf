import {
  authorize,
  type Constraints,
  explain,
  type Explanation,
  type OrgPolicy,
  parseConstraint,
  type Principal,
  principalOfMember,
  principalOfServiceAccount,
  type Resource,
} from '@gatehouse/authz'
import { GatehouseError, isGatehouseError } from '@gatehouse/errors'
import type { OrgTransaction } from '@gatehouse/store'
import type { z } from 'zod'
import { found, type ManageDeps } from '../../manage.ts'
import { answerOfGrant } from '../grants/routes.ts'
import { constraintsInWords, selectorOf } from '../me/words.ts'
import { loadResource, type NamedResource } from './load-resource.ts'
import type { explainSchema, explanationSchema } from './schemas.ts'

type Answer = z.output<typeof explanationSchema>
type Question = z.output<typeof explainSchema>

/** Constraints as selectors and in words. */
export function answerOfConstraints(constraints: Constraints): { selectors: string[]; words: string[] } {
  return { selectors: constraints.alternatives.map(selectorOf), words: constraintsInWords(constraints) }
}

function answerOf({ decision, paths, firstFailing, overlap }: Explanation): Answer {
  const readsSeries = decision.allowed && decision.constraints.alternatives.length > 0
  return {
    allowed: decision.allowed && firstFailing === undefined,
    reason: decision.allowed ? null : decision.reason,
    firstFailing: firstFailing ?? null,
    constraints: readsSeries ? answerOfConstraints(decision.constraints) : null,
    overlap: overlap ?? null,
    paths: paths.map(({ groups, source, grant, role, permissions, fails }) => ({
      groups: [...groups],
      source: source ?? null,
      grant: answerOfGrant(grant),
      role: role === undefined ? null : { ...role },
      permissions: permissions.map(({ action, scope }) => (scope === '*' ? action : `${action} ${scope}`)),
      fails: fails ?? null,
    })),
    policyVersion: decision.policyVersion,
  }
}

/** What somebody without `access:explain` learns of a no: the same whether or not the resource is there. */
function notInScope(policyVersion: string): Answer {
  return {
    allowed: false,
    reason: 'not in your scope',
    firstFailing: null,
    constraints: null,
    overlap: null,
    paths: [],
    policyVersion,
  }
}

type Named = NonNullable<Question['principal']>

function isAsker(asker: Principal, principal: Named): boolean {
  return principal.kind === asker.kind && principal.uid === asker.uid
}

/** A person who has nothing but what these groups and teams give. */
function somebodyIn(
  policy: OrgPolicy,
  { groups, teams }: { readonly groups: readonly string[]; readonly teams: readonly string[] },
): Principal {
  const mapped = policy.teams.filter(({ idpGroups }) => idpGroups.some((group) => groups.includes(group)))
  const all = [...new Set([...teams, ...mapped.map(({ uid }) => uid)])].toSorted()
  const credential = { kind: 'session', id: '' } as const
  return {
    kind: 'user',
    uid: '',
    orgUid: policy.orgUid,
    name: 'somebody',
    teams: all,
    identity: undefined,
    credential,
  }
}

function principalOf(policy: OrgPolicy, asker: Principal, { principal }: Question): Principal {
  if (principal === undefined || isAsker(asker, principal)) return asker
  if (principal.kind === 'somebody') return somebodyIn(policy, principal)
  if (principal.kind === 'service-account') {
    const account = policy.serviceAccounts.find(({ uid }) => uid === principal.uid)
    return principalOfServiceAccount(policy, found(account, 'service account'))
  }
  return principalOfMember(
    policy,
    found(
      policy.members.find(({ uid }) => uid === principal.uid),
      'user',
    ),
  )
}

/** As {@link loadResource}; the platform org may ask about other orgs, which it manages. */
async function resourceFor(tx: OrgTransaction, policy: OrgPolicy, named: NamedResource): Promise<Resource> {
  const { kind, uid } = named
  if (policy.isPlatform && (kind === 'org' || kind === 'audit-log'))
    return { kind, uid, orgUid: policy.orgUid }
  return loadResource(tx, named)
}

/**
 * Answers why somebody may or may not. Everybody may ask about themself; about others, and for more than a bare no, one needs
 * `access:explain`.
 * @throws GatehouseError `forbidden`, `not_found`.
 */
export async function explainFor(
  { policyOf, changes }: ManageDeps,
  asker: Principal,
  question: Question,
): Promise<Answer> {
  const { orgUid } = asker
  const policy = await policyOf(orgUid)
  const { principal } = question
  const isOwn = principal === undefined || isAsker(asker, principal)
  const org = { kind: 'org', uid: orgUid, orgUid } as const
  const now = Date.now()
  const mayExplain = authorize(policy, { principal: asker, action: 'access:explain', resource: org, now })
  if (!isOwn && !mayExplain.allowed) throw new GatehouseError('forbidden', mayExplain.reason)
  const of = principalOf(policy, asker, question)
  const resource = await changes
    .read(orgUid, (tx) => resourceFor(tx, policy, question.resource))
    .catch((error: unknown) => {
      if (!mayExplain.allowed && isGatehouseError(error) && error.code === 'not_found') return undefined
      throw error
    })
  if (resource === undefined) return notInScope(policy.version)
  const answer = answerOf(
    explain(policy, {
      principal: of,
      action: question.action,
      resource,
      now: question.at === undefined ? now : Date.parse(question.at),
      selector: question.selector === undefined ? undefined : parseConstraint(question.selector),
    }),
  )
  return mayExplain.allowed || answer.allowed ? answer : notInScope(policy.version)
}
