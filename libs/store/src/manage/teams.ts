import type { Team } from '@gatehouse/authz'
import type { OrgTransaction } from '../transaction.ts'

/** Somebody in a team, and what puts them there. */
export interface TeamMember {
  readonly uid: string
  readonly name: string
  readonly source: 'sso' | 'manual'
}

/** The team of the entered org with this uid. */
export async function findTeam(tx: OrgTransaction, uid: string): Promise<Team | undefined> {
  const [row] = await tx.rows<{ uid: string; name: string; idpGroups: string[] }>(
    'select uid, name, idp_groups as "idpGroups" from teams where org_uid = app_org() and uid = $1',
    [uid],
  )
  return row
}

/** Makes a team. @throws GatehouseError `conflict` if the uid is taken or files declare the org's access. */
export async function createTeam(tx: OrgTransaction, { uid, name, idpGroups }: Team): Promise<void> {
  await tx.rows('insert into teams (org_uid, uid, name, idp_groups) values (app_org(), $1, $2, $3)', [
    uid,
    name,
    idpGroups,
  ])
}

/** Changes a team. @throws GatehouseError `conflict` if files declare the org's access. */
export async function updateTeam(tx: OrgTransaction, { uid, name, idpGroups }: Team): Promise<void> {
  await tx.rows('update teams set name = $2, idp_groups = $3 where org_uid = app_org() and uid = $1', [
    uid,
    name,
    idpGroups,
  ])
}

/**
 * Deletes a team with its memberships and the grants to it.
 * @throws GatehouseError `conflict` while it owns a service account, or if files declare the org's access.
 */
export async function deleteTeam(tx: OrgTransaction, uid: string): Promise<void> {
  await tx.rows('delete from teams where org_uid = app_org() and uid = $1', [uid])
}

/** People of a team; one line for each source. */
export async function listTeamMembers(tx: OrgTransaction, uid: string): Promise<readonly TeamMember[]> {
  return tx.rows<{ uid: string; name: string; source: 'sso' | 'manual' }>(
    `select t.user_uid as uid, coalesce(i.name, u.name) as name, t.source from team_members t
     left join invitations i on i.org_uid = t.org_uid and i.user_uid = t.user_uid
     left join users u on u.uid = t.user_uid
     where t.org_uid = app_org() and t.team_uid = $1 order by t.user_uid, t.source`,
    [uid],
  )
}

/** Puts a member of the org into a team. @throws GatehouseError `conflict` if they are no member of the org. */
export async function addTeamMember(tx: OrgTransaction, uid: string, userUid: string): Promise<void> {
  await tx.rows(
    `insert into team_members (org_uid, team_uid, user_uid, source) values (app_org(), $1, $2, 'manual') on conflict do nothing`,
    [uid, userUid],
  )
}

/** Takes somebody out of a team they were put into by hand; false if they were not. */
export async function removeTeamMember(tx: OrgTransaction, uid: string, userUid: string): Promise<boolean> {
  const rows = await tx.rows(
    `delete from team_members where org_uid = app_org() and team_uid = $1 and user_uid = $2 and source = 'manual' returning 1`,
    [uid, userUid],
  )
  return rows.length > 0
}
