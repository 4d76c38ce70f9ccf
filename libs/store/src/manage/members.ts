import { GatehouseError } from '@gatehouse/errors'
import { findOrg } from '../orgs.ts'
import { invite } from '../invitations.ts'
import { newUserUid } from '../recognise.ts'
import type { OrgTransaction } from '../transaction.ts'

/** A person by their OIDC identity, with a name to show until they sign in. */
export interface Invited {
  readonly issuer: string
  readonly subject: string
  readonly name: string
}

async function findOrCreateUser(tx: OrgTransaction, { issuer, subject, name }: Invited): Promise<string> {
  const [known] = await tx.rows<{ uid: string }>('select uid from find_user($1, $2)', [issuer, subject])
  if (known !== undefined) return known.uid
  const values = [newUserUid(), issuer, subject, name]
  const [made] = await tx.rows<{ uid: string }>(
    'select uid from recognise_user($1, $2, $3, $4, null)',
    values,
  )
  if (made === undefined) throw new GatehouseError('internal', 'a user was not made')
  return made.uid
}

/**
 * Invites a person to the entered org, whether or not they ever signed in: they are a member as soon as they come; their uid.
 * @throws GatehouseError `bad_data` if the org does not accept their issuer; `conflict` if they are a member, or files declare the
 *   org's access.
 */
export async function addMember(tx: OrgTransaction, person: Invited): Promise<string> {
  const org = await findOrg(tx)
  if (org?.issuers !== undefined && !org.issuers.includes(person.issuer))
    throw new GatehouseError('bad_data', 'people of this issuer do not belong to this org')
  const uid = await findOrCreateUser(tx, person)
  await tx.rows(`insert into memberships (org_uid, user_uid, source) values (app_org(), $1, 'manual')`, [uid])
  await invite(tx, uid, person.name)
  return uid
}

/** Ends a membership with its teams, sessions and own grants; false if there was none. */
export async function removeMember(tx: OrgTransaction, uid: string): Promise<boolean> {
  const rows = await tx.rows(
    'delete from memberships where org_uid = app_org() and user_uid = $1 returning 1',
    [uid],
  )
  return rows.length > 0
}

/** Whether a person belongs to an org, which need not be the entered one. */
export async function isMemberOf(
  tx: OrgTransaction,
  { issuer, subject }: Pick<Invited, 'issuer' | 'subject'>,
  orgUid: string,
): Promise<boolean> {
  const rows = await tx.rows(
    `select from find_user($1, $2) u cross join lateral find_memberships(u.uid) m where m.org_uid = $3`,
    [issuer, subject, orgUid],
  )
  return rows.length > 0
}
