import type { Grant, Guardrail, OrgPolicy, Role } from './policy.ts'

/** A change of access settings that somebody thinks of. Whatever it names and the policy does not have is passed over. */
export interface PolicyChange {
  readonly addGrants: readonly Grant[]
  /** Uids of grants. */
  readonly revokeGrants: readonly string[]
  /** New custom roles, and new versions of those there are. */
  readonly putRoles: readonly Role[]
  readonly addGuardrails: readonly Guardrail[]
  /** Uids of guardrails. */
  readonly removeGuardrails: readonly string[]
  /** Into a team and out of it by hand; uids. */
  readonly addMembers: readonly TeamPlace[]
  readonly removeMembers: readonly TeamPlace[]
}

/** Somebody's place in a team; uids. */
export interface TeamPlace {
  readonly team: string
  readonly user: string
}

function membersAfter(policy: OrgPolicy, { addMembers, removeMembers }: PolicyChange): OrgPolicy['members'] {
  const isIn = (list: readonly TeamPlace[], user: string, team: string): boolean =>
    list.some((place) => place.user === user && place.team === team)
  return policy.members.map((member) => {
    const kept = member.teams.filter(
      ({ uid, source }) => source === 'sso' || !isIn(removeMembers, member.uid, uid),
    )
    const added = policy.teams
      .filter(({ uid }) => isIn(addMembers, member.uid, uid) && !kept.some((team) => team.uid === uid))
      .map(({ uid }) => ({ uid, source: 'manual' as const }))
    return { ...member, teams: [...kept, ...added] }
  })
}

/** The policy as a change would make it. Pure: nothing is checked or stored. */
export function proposedPolicy(policy: OrgPolicy, change: PolicyChange): OrgPolicy {
  const { addGrants, revokeGrants, putRoles, addGuardrails, removeGuardrails } = change
  return {
    ...policy,
    version: `${policy.version}+proposed`,
    members: membersAfter(policy, change),
    roles: [...policy.roles.filter(({ name }) => !putRoles.some((role) => role.name === name)), ...putRoles],
    grants: [...policy.grants.filter(({ uid }) => !revokeGrants.includes(uid)), ...addGrants],
    guardrails: [...policy.guardrails.filter(({ uid }) => !removeGuardrails.includes(uid)), ...addGuardrails],
  }
}
