import { invite } from '../invitations.ts'
import { GatehouseError } from '@gatehouse/errors'
import { newUserUid } from '../recognise.ts'
import { besideFiles } from '../temporary-grants.ts'
import type { OrgTransaction } from '../transaction.ts'

/** A person as an identity provider provisions them. Times are ms since the epoch. */
export interface ScimUser {
  readonly uid: string
  readonly userName: string
  readonly externalId: string | undefined
  readonly isActive: boolean
  readonly attributes: Readonly<Record<string, unknown>>
  readonly groups: readonly { readonly uid: string; readonly displayName: string }[]
  readonly createdAt: number
  readonly updatedAt: number
}

/** What of a person can be saved. */
export type ScimUserContent = Pick<ScimUser, 'userName' | 'externalId' | 'isActive' | 'attributes'>

/** Which of a list: by exact values, names without regard to case. */
export interface ScimFilter {
  readonly id?: string
  readonly userName?: string
  readonly displayName?: string
  readonly externalId?: string
  readonly member?: string
  /** Of the enterprise extension. */
  readonly manager?: string
}

/** A part of a list. */
export interface ScimSlice {
  readonly offset: number
  readonly limit: number
}

type Row = {
  user_uid: string
  user_name: string
  external_id: string | null
  disabled: boolean
  attributes: Record<string, unknown>
  groups: { uid: string; displayName: string }[]
  created_at: Date
  updated_at: Date
  total: number
}

// The extension that HR attributes stand in (RFC 7643 4.3).
const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

const select = `
  select s.user_uid, s.user_name, s.external_id, m.disabled, s.attributes, s.created_at, s.updated_at,
    (select coalesce(json_agg(json_build_object('uid', g.uid, 'displayName', g.display_name) order by g.display_name), '[]')
     from scim_group_members x join scim_groups g on g.org_uid = x.org_uid and g.uid = x.group_uid
     where x.org_uid = s.org_uid and x.user_uid = s.user_uid) as groups,
    count(*) over ()::int as total
  from scim_users s join memberships m on m.org_uid = s.org_uid and m.user_uid = s.user_uid
  where s.org_uid = app_org()`

function userOf(row: Row): ScimUser {
  return {
    uid: row.user_uid,
    userName: row.user_name,
    externalId: row.external_id ?? undefined,
    isActive: !row.disabled,
    attributes: row.attributes,
    groups: row.groups,
    createdAt: row.created_at.getTime(),
    updatedAt: row.updated_at.getTime(),
  }
}

/** The provisioned person with this uid. @throws GatehouseError `not_found` */
export async function findScimUser(tx: OrgTransaction, uid: string): Promise<ScimUser> {
  const [row] = await tx.rows<Row>(`${select} and s.user_uid = $1`, [uid])
  if (row === undefined) throw new GatehouseError('not_found', 'there is no such user')
  return userOf(row)
}

/** Provisioned people of the entered org that match, by user name. */
export async function listScimUsers(
  tx: OrgTransaction,
  filter: ScimFilter,
  { offset, limit }: ScimSlice,
): Promise<{ readonly total: number; readonly users: readonly ScimUser[] }> {
  const conditions = `
    and ($1::text is null or s.user_uid = $1)
    and ($2::text is null or lower(s.user_name) = lower($2))
    and ($3::text is null or s.external_id = $3)
    and ($4::text is null or lower(s.attributes ->> 'displayName') = lower($4))
    and ($5::text is null or $5 in (s.attributes #>> '{${enterprise},manager}', s.attributes #>> '{${enterprise},manager,value}',
      s.attributes #>> '{${enterprise},manager,0,value}'))`
  const { id = null, userName = null, externalId = null, displayName = null, manager = null } = filter
  const values = [id, userName, externalId, displayName, manager]
  const rows = await tx.rows<Row>(`${select} ${conditions} order by lower(s.user_name) offset $6 limit $7`, [
    ...values,
    offset,
    limit,
  ])
  const [first] = rows.length > 0 ? rows : await tx.rows<Row>(`${select} ${conditions} limit 1`, values)
  return { total: first?.total ?? 0, users: rows.map(userOf) }
}

async function saveMembership(tx: OrgTransaction, uid: string, isActive: boolean): Promise<boolean> {
  const [saved] = await besideFiles(tx, () =>
    tx.rows<{ isNew: boolean }>(
      `insert into memberships as m (org_uid, user_uid, source, disabled) values (app_org(), $1, 'scim', $2)
       on conflict (org_uid, user_uid) do update set disabled = excluded.disabled,
         source = case m.source when 'manual' then 'manual' else 'scim' end
       where (m.disabled, m.source) is distinct from (excluded.disabled, case m.source when 'manual' then 'manual' else 'scim' end)
       returning xmax = 0 as "isNew"`,
      [uid, !isActive],
    ),
  )
  // A deactivated person is signed out of this org, for good.
  if (!isActive)
    await tx.rows(
      'update sessions set revoked_at = now() where org_uid = app_org() and user_uid = $1 and revoked_at is null',
      [uid],
    )
  return saved?.isNew === true
}

/**
 * Provisions a person: the one who signs in with this identity, known already or not.
 * @throws GatehouseError `conflict` if the person or the user name is provisioned already.
 */
export async function createScimUser(
  tx: OrgTransaction,
  identity: { readonly issuer: string; readonly subject: string },
  content: ScimUserContent,
): Promise<ScimUser> {
  const { issuer, subject } = identity
  const { userName, externalId = null, isActive, attributes } = content
  const name = typeof attributes['displayName'] === 'string' ? attributes['displayName'] : userName
  // Somebody known already keeps their name: it is shown in their other orgs, too.
  const [known] = await tx.rows<{ uid: string }>('select uid from find_user($1, $2)', [issuer, subject])
  const [user] =
    known === undefined
      ? await tx.rows<{ uid: string }>('select uid from recognise_user($1, $2, $3, $4, null)', [
          newUserUid(),
          issuer,
          subject,
          name,
        ])
      : [known]
  if (user === undefined) throw new GatehouseError('internal', 'no user was made')
  if (await saveMembership(tx, user.uid, isActive)) await invite(tx, user.uid, name)
  const [row] = await tx.rows(
    `insert into scim_users (org_uid, user_uid, user_name, external_id, attributes) values (app_org(), $1, $2, $3, $4)
     on conflict do nothing returning 1`,
    [user.uid, userName, externalId, JSON.stringify(attributes)],
  )
  if (row === undefined) throw new GatehouseError('conflict', 'the user exists already')
  await tx.rows('delete from scim_left where org_uid = app_org() and user_uid = $1', [user.uid])
  return findScimUser(tx, user.uid)
}

/** Saves a provisioned person. @throws GatehouseError `not_found`; `conflict` if the user name is somebody else's. */
export async function saveScimUser(
  tx: OrgTransaction,
  uid: string,
  content: ScimUserContent,
): Promise<ScimUser> {
  const { userName, externalId = null, isActive, attributes } = content
  const rows = await tx.rows(
    `update scim_users set user_name = $2, external_id = $3, attributes = $4, updated_at = now()
     where org_uid = app_org() and user_uid = $1 returning 1`,
    [uid, userName, externalId, JSON.stringify(attributes)],
  )
  if (rows.length === 0) throw new GatehouseError('not_found', 'there is no such user')
  await saveMembership(tx, uid, isActive)
  return findScimUser(tx, uid)
}

/**
 * Takes a provisioned person out of the org, with their sessions and the grants made to them. Groups of tokens do not bring them back,
 * only provisioning or an administrator.
 * @throws GatehouseError `not_found`
 */
export async function deleteScimUser(tx: OrgTransaction, uid: string): Promise<void> {
  await findScimUser(tx, uid)
  await besideFiles(tx, () =>
    tx.rows('delete from memberships where org_uid = app_org() and user_uid = $1', [uid]),
  )
  await tx.rows(
    `insert into scim_left (org_uid, user_uid) values (app_org(), $1)
     on conflict (org_uid, user_uid) do update set left_at = now()`,
    [uid],
  )
}
