import { parseConstraint } from '../parse-constraint.ts'
import type { Grant, OrgPolicy, Subject, Where } from '../policy.ts'
import { shippedRoles } from '../roles.ts'
import type { GrantDocument, OrgDocument, PersonDocument } from './schema.ts'

/** The uid that stands for a person in a policy made from a document, where no database has given one. */
export function personUid({ issuer, subject }: PersonDocument): string {
  return `${issuer} ${subject}`
}

function subjectOf(grant: GrantDocument): Subject {
  if ('team' in grant) return { kind: 'team', uid: grant.team }
  if ('user' in grant) return { kind: 'user', uid: personUid(grant.user) }
  return { kind: 'service-account', uid: grant.serviceAccount }
}

function whereOf({ on }: GrantDocument): Where {
  if (on === undefined) return { kind: 'org' }
  if ('folder' in on) return { kind: 'folder', uid: on.folder }
  if ('dataSource' in on) return { kind: 'data-source', uid: on.dataSource }
  if ('dashboard' in on) return { kind: 'dashboard', uid: on.dashboard }
  return { kind: 'team', uid: on.team }
}

function grantOf(grant: GrantDocument, index: number): Grant {
  return {
    uid: grant.uid ?? `grants.${index}`,
    subject: subjectOf(grant),
    role: grant.role,
    where: whereOf(grant),
    constraints: grant.constraints.map(parseConstraint),
    notBefore: grant.notBefore === undefined ? undefined : Date.parse(grant.notBefore),
    expiresAt: grant.expiresAt === undefined ? undefined : Date.parse(grant.expiresAt),
    reason: grant.reason,
  }
}

/** People the teams name by hand, with their teams. */
function membersOf({ teams }: OrgDocument): OrgPolicy['members'] {
  const byUid = new Map<string, { name: string; teams: { uid: string; source: 'manual' }[] }>()
  for (const team of teams) {
    for (const person of team.members) {
      const member = byUid.get(personUid(person)) ?? { name: person.subject, teams: [] }
      member.teams.push({ uid: team.uid, source: 'manual' })
      byUid.set(personUid(person), member)
    }
  }
  return [...byUid].map(([uid, { name, teams: own }]) => ({ uid, name, isDisabled: false, teams: own }))
}

/** The policy an org's document stands for, without a database: for checks, scenarios and rehearsal. */
export function policyOf(org: OrgDocument): OrgPolicy {
  return {
    orgUid: org.uid,
    name: org.name,
    isPlatform: org.platform,
    version: 'document',
    tenants: org.tenants,
    teams: org.teams.map(({ uid, name, idpGroups }) => ({ uid, name, idpGroups })),
    members: membersOf(org),
    serviceAccounts: org.serviceAccounts.map(({ uid, name, team }) => ({
      uid,
      name,
      teamUid: team,
      isDisabled: false,
    })),
    folders: org.folders.map(({ uid, title, parent }) => ({ uid, title, parentUid: parent })),
    dataSources: org.dataSources.map(({ uid, name, tenantLabel }) => ({ uid, name, tenantLabel })),
    roles: [...shippedRoles, ...org.roles],
    grants: org.grants.map(grantOf),
    guardrails: org.guardrails.map(({ uid, selector, reason }) => ({
      uid,
      selector: parseConstraint(selector),
      reason,
    })),
  }
}
