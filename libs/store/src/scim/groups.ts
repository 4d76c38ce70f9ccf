import { randomUUID } from 'node:crypto'
import { GatehouseError } from '@gatehouse/errors'
import type { OrgTransaction } from '../transaction.ts'
import type { ScimFilter, ScimSlice } from './users.ts'

/** A group of the identity provider; the teams that name it have its members. Times are ms since the epoch. */
export interface ScimGroup {
  readonly uid: string
  readonly displayName: string
  readonly externalId: string | undefined
  readonly members: readonly { readonly uid: string; readonly userName: string }[]
  readonly createdAt: number
  readonly updatedAt: number
}

type Row = {
  uid: string
  display_name: string
  external_id: string | null
  members: { uid: string; userName: string }[]
  created_at: Date
  updated_at: Date
  total: number
}

const select = `
  select g.uid, g.display_name, g.external_id, g.created_at, g.updated_at,
    (select coalesce(json_agg(json_build_object('uid', u.user_uid, 'userName', u.user_name) order by lower(u.user_name)), '[]')
     from scim_group_members x join scim_users u on u.org_uid = x.org_uid and u.user_uid = x.user_uid
     where x.org_uid = g.org_uid and x.group_uid = g.uid) as members,
    count(*) over ()::int as total
  from scim_groups g where g.org_uid = app_org()`

function groupOf(row: Row): ScimGroup {
  return {
    uid: row.uid,
    displayName: row.display_name,
    externalId: row.external_id ?? undefined,
    members: row.members,
    createdAt: row.created_at.getTime(),
    updatedAt: row.updated_at.getTime(),
  }
}

/** The group with this uid. @throws GatehouseError `not_found` */
export async function findScimGroup(tx: OrgTransaction, uid: string): Promise<ScimGroup> {
  const [row] = await tx.rows<Row>(`${select} and g.uid = $1`, [uid])
  if (row === undefined) throw new GatehouseError('not_found', 'there is no such group')
  return groupOf(row)
}

/** Groups of the entered org that match, by name. */
export async function listScimGroups(
  tx: OrgTransaction,
  filter: ScimFilter,
  { offset, limit }: ScimSlice,
): Promise<{ readonly total: number; readonly groups: readonly ScimGroup[] }> {
  const conditions = `
    and ($1::text is null or g.uid = $1)
    and ($2::text is null or lower(g.display_name) = lower($2))
    and ($3::text is null or g.external_id = $3)
    and ($4::text is null or exists (
      select from scim_group_members x where x.org_uid = g.org_uid and x.group_uid = g.uid and x.user_uid = $4))`
  const { id = null, displayName = null, externalId = null, member = null } = filter
  const values = [id, displayName, externalId, member]
  const rows = await tx.rows<Row>(
    `${select} ${conditions} order by lower(g.display_name) offset $5 limit $6`,
    [...values, offset, limit],
  )
  const [first] = rows.length > 0 ? rows : await tx.rows<Row>(`${select} ${conditions} limit 1`, values)
  return { total: first?.total ?? 0, groups: rows.map(groupOf) }
}

/** Makes a group without members; its uid. @throws GatehouseError `conflict` if the name is taken. */
export async function createScimGroup(
  tx: OrgTransaction,
  { displayName, externalId }: Pick<ScimGroup, 'displayName' | 'externalId'>,
): Promise<string> {
  const uid = randomUUID()
  await tx.rows(
    'insert into scim_groups (org_uid, uid, display_name, external_id) values (app_org(), $1, $2, $3)',
    [uid, displayName, externalId ?? null],
  )
  return uid
}

/** Saves a group's names, and locks it until the transaction ends. @throws GatehouseError `not_found`, `conflict` */
export async function saveScimGroup(
  tx: OrgTransaction,
  { uid, displayName, externalId }: Pick<ScimGroup, 'uid' | 'displayName' | 'externalId'>,
): Promise<void> {
  const rows = await tx.rows(
    `update scim_groups set display_name = $2, external_id = $3, updated_at = now()
     where org_uid = app_org() and uid = $1 returning 1`,
    [uid, displayName, externalId ?? null],
  )
  if (rows.length === 0) throw new GatehouseError('not_found', 'there is no such group')
}

/** Adds people to a group; those who are in it already stay. @throws GatehouseError `bad_data` if one is not provisioned. */
export async function addScimMembers(
  tx: OrgTransaction,
  groupUid: string,
  users: readonly string[],
): Promise<void> {
  const wanted = [...new Set(users)]
  const known = await tx.rows('select 1 from scim_users where org_uid = app_org() and user_uid = any ($1)', [
    wanted,
  ])
  if (known.length < wanted.length) throw new GatehouseError('bad_data', 'a member is not a provisioned user')
  await tx.rows(
    `insert into scim_group_members (org_uid, group_uid, user_uid)
     select app_org(), $1, u from unnest($2::text[]) u on conflict do nothing`,
    [groupUid, wanted],
  )
}

/** Takes people out of a group; everybody for undefined. */
export async function removeScimMembers(
  tx: OrgTransaction,
  groupUid: string,
  users: readonly string[] | undefined,
): Promise<void> {
  await tx.rows(
    `delete from scim_group_members
     where org_uid = app_org() and group_uid = $1 and ($2::text[] is null or user_uid = any ($2))`,
    [groupUid, users ?? null],
  )
}

/** Deletes a group; its members leave the teams that name it. @throws GatehouseError `not_found` */
export async function deleteScimGroup(tx: OrgTransaction, uid: string): Promise<void> {
  const rows = await tx.rows('delete from scim_groups where org_uid = app_org() and uid = $1 returning 1', [
    uid,
  ])
  if (rows.length === 0) throw new GatehouseError('not_found', 'there is no such group')
}
