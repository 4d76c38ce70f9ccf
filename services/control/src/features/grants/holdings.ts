import {
  type Grant,
  notHeld,
  type OrgPolicy,
  parseConstraint,
  type Principal,
  type Resource,
  type Role,
  type Where,
} from '@gatehouse/authz'
import { GatehouseError } from '@gatehouse/errors'
import { type OrgTransaction, readSnapshot } from '@gatehouse/store'
import { dashboardResource, loadDashboard } from '../dashboards/resource.ts'
import { folderResource, loadFolder } from '../folders/resource.ts'

/** Who gives, and when (ms since the epoch). */
export interface Giver {
  readonly principal: Principal
  readonly now: number
}

/**
 * The resource a grant's place is.
 * @param known The org's policy, where the caller has read it.
 * @throws GatehouseError `not_found`, the same for another org's as for none.
 */
export async function placeOf(tx: OrgTransaction, where: Where, known?: OrgPolicy): Promise<Resource> {
  const { orgUid } = tx
  switch (where.kind) {
    case 'org':
      return { kind: 'org', uid: orgUid, orgUid }
    case 'folder':
      return folderResource(await loadFolder(tx, where.uid), orgUid)
    case 'dashboard':
      return dashboardResource(await loadDashboard(tx, where.uid))
    case 'data-source':
    case 'team': {
      const policy = known ?? (await readSnapshot(tx)).policy
      const all = where.kind === 'team' ? policy.teams : policy.dataSources
      if (!all.some(({ uid }) => uid === where.uid))
        throw new GatehouseError('not_found', `there is no such ${where.kind.replace('-', ' ')}`)
      return { kind: where.kind, uid: where.uid, orgUid }
    }
  }
}

function refuse(missing: ReturnType<typeof notHeld>): void {
  if (missing.length === 0) return
  const actions = [...new Set(missing.map(({ action }) => action))]
  throw new GatehouseError('forbidden', `you cannot grant what you do not hold: ${actions.join(', ')}`)
}

/** A role about to be given by a grant, or written for the whole org. */
export interface Given extends Pick<Grant, 'expiresAt'> {
  readonly role: Pick<Role, 'permissions'>
  readonly place: Resource
  /** As written, `{env="prod"}`. */
  readonly constraints: readonly string[]
}

/**
 * Refuses to give more than the giver holds: there, for as long, for those series. Reads the policy in the change's own transaction.
 * @throws GatehouseError `forbidden`, `bad_data` for a constraint that cannot be read.
 */
export async function requireHeld(tx: OrgTransaction, giver: Giver, given: Given): Promise<void> {
  const { policy } = await readSnapshot(tx)
  refuse(notHeld(policy, giver, { ...given, constraints: given.constraints.map(parseConstraint) }))
}

async function requireGrants(
  tx: OrgTransaction,
  giver: Giver,
  { policy, grants }: { readonly policy: OrgPolicy; readonly grants: readonly Grant[] },
): Promise<void> {
  const lasting = grants.filter(({ expiresAt }) => expiresAt === undefined || expiresAt > giver.now)
  for (const { role: name, where, constraints, expiresAt } of lasting) {
    const role = policy.roles.find((candidate) => candidate.name === name)
    if (role === undefined) continue
    const place = await placeOf(tx, where, policy)
    refuse(notHeld(policy, giver, { role, place, constraints, expiresAt }))
  }
}

async function requireTeams(
  tx: OrgTransaction,
  giver: Giver,
  { policy, teams }: { readonly policy: OrgPolicy; readonly teams: readonly string[] },
): Promise<void> {
  const others = new Set(teams.filter((team) => !giver.principal.teams.includes(team)))
  const grants = policy.grants.filter(({ subject }) => subject.kind === 'team' && others.has(subject.uid))
  await requireGrants(tx, giver, { policy, grants })
}

/**
 * Refuses to put anybody into a team that holds more than the giver does. Who is in the team holds what it holds.
 * @throws GatehouseError `forbidden`.
 */
export async function requireTeamHeld(tx: OrgTransaction, giver: Giver, teamUid: string): Promise<void> {
  const { policy } = await readSnapshot(tx)
  await requireTeams(tx, giver, { policy, teams: [teamUid] })
}

/**
 * As {@link requireTeamHeld}, of every team that IdP groups give: whoever says who is in the groups puts people into these.
 * @throws GatehouseError `forbidden`.
 */
export async function requireMappedTeamsHeld(tx: OrgTransaction, giver: Giver): Promise<void> {
  const { policy } = await readSnapshot(tx)
  const teams = policy.teams.filter(({ idpGroups }) => idpGroups.length > 0).map(({ uid }) => uid)
  await requireTeams(tx, giver, { policy, teams })
}

/**
 * Refuses to hand out tokens of a service account that holds more than the giver does, by itself or by its team.
 * @throws GatehouseError `forbidden`.
 */
export async function requireAccountHeld(
  tx: OrgTransaction,
  giver: Giver,
  account: { readonly uid: string; readonly teamUid: string | undefined },
): Promise<void> {
  const { policy } = await readSnapshot(tx)
  const grants = policy.grants.filter(
    ({ subject }) => subject.kind === 'service-account' && subject.uid === account.uid,
  )
  await requireGrants(tx, giver, { policy, grants })
  if (account.teamUid !== undefined) await requireTeamHeld(tx, giver, account.teamUid)
}
