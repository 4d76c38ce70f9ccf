import type { Principal } from '@gatehouse/authz'
import { GatehouseError } from '@gatehouse/errors'
import type { Membership, UserRecord } from './model.ts'
import type { RecognisedServiceAccount, RecognisedUser } from './recognised.ts'

function find(user: UserRecord, orgUid: string | undefined): Membership | undefined {
  return user.memberships.find((membership) => membership.orgUid === orgUid)
}

/**
 * The membership a request acts in: the org named in `X-Gatehouse-Org`, else the session's, else the only one.
 * Answers speak of the caller's own orgs only, so they do not tell whether another org exists.
 */
function chooseMembership(
  user: UserRecord,
  named: string | undefined,
  current: string | undefined,
): Membership {
  const own = user.memberships.map((membership) => membership.orgUid).join(', ')
  if (own === '')
    throw new GatehouseError(
      'forbidden',
      'you are signed in but belong to no org; ask an org admin to add one of your groups',
    )
  const only = user.memberships.length === 1 ? user.memberships[0] : undefined
  const membership = named === undefined ? (find(user, current) ?? only) : find(user, named)
  if (membership !== undefined) return membership
  if (named !== undefined)
    throw new GatehouseError(
      'forbidden',
      `you are not a member of the org that was asked for; your orgs: ${own}`,
    )
  throw new GatehouseError('bad_data', `you belong to several orgs; name one in X-Gatehouse-Org: ${own}`)
}

/**
 * A recognised person as the principal of one org.
 * @param named Org named by the request, if any.
 * @throws GatehouseError `forbidden` without a membership there, `bad_data` when there are several and none is named.
 */
export function principalOfUser(found: RecognisedUser, named: string | undefined): Principal {
  const { user, identity, credential } = found
  const { orgUid, teams } = chooseMembership(user, named, found.currentOrgUid)
  return { kind: 'user', uid: user.uid, orgUid, name: user.name, teams, identity, credential }
}

/**
 * A recognised service account as a principal. Its org comes from the token.
 * @throws GatehouseError `forbidden` when the request names another org.
 */
export function principalOfAccount(found: RecognisedServiceAccount, named: string | undefined): Principal {
  const { id, serviceAccountUid: uid, name, orgUid, teams } = found.record
  if (named !== undefined && named !== orgUid)
    throw new GatehouseError(
      'forbidden',
      `the token belongs to the org ${orgUid}, not to the one that was asked for`,
    )
  const credential = { kind: 'token', id } as const
  return { kind: 'service-account', uid, orgUid, name, teams, identity: undefined, credential }
}
