import { authorize, type OrgPolicy, type Principal, principalOfMember } from '@gatehouse/authz'
import { readSnapshot } from './snapshot.ts'
import type { OrgTransaction } from './transaction.ts'

/** Who made what of an org's access: uid, and whose hand it was. */
interface Hands {
  readonly grants: ReadonlyMap<string, string>
  /** By team and user. */
  readonly memberships: ReadonlyMap<string, string>
  readonly roles: ReadonlyMap<string, string>
}

function membershipKey(team: string, user: string): string {
  return JSON.stringify([team, user])
}

async function readHands(tx: OrgTransaction): Promise<Hands> {
  const grants = await tx.rows<{ uid: string; by: string }>(
    'select uid, created_by as by from grants where org_uid = app_org() and created_by is not null',
  )
  const members = await tx.rows<{ team: string; user: string; by: string }>(
    `select team_uid as team, user_uid as user, added_by as by from team_members
     where org_uid = app_org() and added_by is not null`,
  )
  const roles = await tx.rows<{ name: string; by: string }>(
    'select name, written_by as by from roles where org_uid = app_org() and written_by is not null',
  )
  return {
    grants: new Map(grants.map(({ uid, by }) => [uid, by])),
    memberships: new Map(members.map(({ team, user, by }) => [membershipKey(team, user), by])),
    roles: new Map(roles.map(({ name, by }) => [name, by])),
  }
}

/** The policy without anything that one of these people made. */
function without(policy: OrgPolicy, made: Hands, people: ReadonlySet<string>): OrgPolicy {
  const isTheirs = (by: string | undefined): boolean => by !== undefined && people.has(by)
  return {
    ...policy,
    grants: policy.grants.filter(({ uid }) => !isTheirs(made.grants.get(uid))),
    roles: policy.roles.filter(({ name }) => !isTheirs(made.roles.get(name))),
    members: policy.members.map((member) => ({
      ...member,
      teams: member.teams.filter(
        ({ uid, source }) =>
          source !== 'manual' || !isTheirs(made.memberships.get(membershipKey(uid, member.uid))),
      ),
    })),
  }
}

function mayGrant(policy: OrgPolicy, principal: Principal, now: number): boolean {
  const { orgUid } = policy
  const resource = { kind: 'org', uid: orgUid, orgUid } as const
  return authorize(policy, { principal, action: 'grants:create', resource, now }).allowed
}

function memberMayGrant(policy: OrgPolicy, userUid: string, now: number): boolean {
  const member = policy.members.find(({ uid }) => uid === userUid)
  return member !== undefined && mayGrant(policy, principalOfMember(policy, member), now)
}

/** The same person out of the teams that one of these people put them into. */
function outOf(principal: Principal, made: Hands, people: ReadonlySet<string>): Principal {
  const isTheirs = (team: string): boolean =>
    people.has(made.memberships.get(membershipKey(team, principal.uid)) ?? '')
  return { ...principal, teams: principal.teams.filter((team) => !isTheirs(team)) }
}

/**
 * Whether somebody may grant in the org by nothing that `userUid` made: neither they nor anybody who is an administrator only by them gave
 * the grant, wrote its role or put them into its team.
 * @param now ms since the epoch.
 */
export async function mayGrantWithout(
  tx: OrgTransaction,
  reviewer: Principal,
  userUid: string,
  now: number,
): Promise<boolean> {
  const { policy } = await readSnapshot(tx)
  const made = await readHands(tx)
  const hands = new Set([userUid])
  const makers = new Set([...made.grants.values(), ...made.memberships.values(), ...made.roles.values()])
  for (;;) {
    const rest = without(policy, made, hands)
    const more = [...makers].filter(
      (uid) => !hands.has(uid) && memberMayGrant(policy, uid, now) && !memberMayGrant(rest, uid, now),
    )
    if (more.length === 0)
      return !hands.has(reviewer.uid) && mayGrant(rest, outOf(reviewer, made, hands), now)
    for (const uid of more) hands.add(uid)
  }
}
