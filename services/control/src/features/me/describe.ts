import { authorize, isInForce, isSubject, type OrgPolicy, type Principal, type Where } from '@gatehouse/authz'
import type { Me } from './schemas.ts'
import { constraintsInWords, selectorOf } from './words.ts'

/** The name of something by its uid; the uid itself if it is gone. */
export function nameOf(
  entries: readonly { readonly uid: string; readonly name: string }[],
  uid: string,
): string {
  return entries.find((entry) => entry.uid === uid)?.name ?? uid
}

function describeVia(policy: OrgPolicy, via: string): string {
  const [kind = '', uid = ''] = via.split(':')
  return kind === 'team' ? `team ${nameOf(policy.teams, uid)}` : 'a grant of your own'
}

/** Where a grant holds, by name. */
function describeWhere(policy: OrgPolicy, where: Where): string {
  switch (where.kind) {
    case 'org':
      return policy.name
    case 'team':
      return `team ${nameOf(policy.teams, where.uid)}`
    case 'data-source':
      return `data source ${nameOf(policy.dataSources, where.uid)}`
    case 'folder':
      return `folder ${policy.folders.find(({ uid }) => uid === where.uid)?.title ?? where.uid}`
    case 'dashboard':
      return `dashboard ${where.uid}`
  }
}

/** Each role of a principal once for each path to it, in words for that principal. */
export function rolesOf(policy: OrgPolicy, principal: Principal): Me['roles'] {
  const now = Date.now()
  const roles = policy.grants
    .filter((grant) => isSubject(grant, principal) && isInForce(grant, now))
    .map(({ role: name, subject, where }) => ({
      name,
      description: policy.roles.find((role) => role.name === name)?.description ?? '',
      via: describeVia(policy, `${subject.kind}:${subject.uid}`),
      where: describeWhere(policy, where),
    }))
  return [...new Map(roles.map((role) => [JSON.stringify(role), role])).values()]
}

/** Data sources a principal may query, and which series of them; decided as the queries themselves are. */
export function dataSourcesOf(
  policy: OrgPolicy,
  principal: Principal,
  gatewayUrl: string,
): Me['dataSources'] {
  return policy.dataSources.flatMap(({ uid, name }) => {
    const resource = { kind: 'data-source', uid, orgUid: policy.orgUid } as const
    const decision = authorize(policy, { principal, action: 'datasources:query', resource, now: Date.now() })
    if (!decision.allowed) return []
    const { constraints, because } = decision
    return {
      uid,
      name,
      url: `${gatewayUrl}/prom/${uid}`,
      words: constraintsInWords(constraints),
      selectors: constraints.alternatives.map(selectorOf),
      because: because.map(({ role, via, grantUid }) => ({ role, via: describeVia(policy, via), grantUid })),
    }
  })
}
