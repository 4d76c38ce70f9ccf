import { randomUUID } from 'node:crypto'
import { GatehouseError } from '@gatehouse/errors'
import { lockApiManagedOrg } from '../orgs.ts'
import { besideFiles, createTemporaryGrant } from '../temporary-grants.ts'
import { createToken } from '../tokens.ts'
import type { OrgTransaction } from '../transaction.ts'

/** A link that opens one dashboard without signing in. Times are ms since the epoch. */
export interface ShareLink {
  readonly uid: string
  readonly dashboardUid: string
  /** Who made it and what for, as noted then. */
  readonly reason: string
  readonly createdAt: number
  readonly expiresAt: number
}

/** A link to be stored; its secret is only here as its hash. */
export interface NewShareLink {
  readonly dashboardUid: string
  readonly title: string
  readonly reason: string
  readonly expiresAt: number
  /** First characters of the secret. */
  readonly prefix: string
  readonly hash: string
}

/** Whether dashboards of the entered org may be shared by link. */
export async function isPublicSharingAllowed(tx: OrgTransaction): Promise<boolean> {
  const [row] = await tx.rows<{ allowed: boolean }>(
    'select public_sharing as allowed from orgs where uid = app_org()',
  )
  return row?.allowed === true
}

/**
 * Allows or ends sharing by link; ending it ends every link.
 * @throws GatehouseError `conflict` if files declare the org's access.
 */
export async function setPublicSharing(tx: OrgTransaction, allowed: boolean): Promise<void> {
  await lockApiManagedOrg(tx)
  await tx.rows('update orgs set public_sharing = $1 where uid = app_org()', [allowed])
}

/**
 * Makes a link: a service account that may open the dashboard until the link ends.
 * @throws GatehouseError `forbidden` unless the org allows links; `conflict` if there is no such dashboard.
 */
export async function createShareLink(tx: OrgTransaction, link: NewShareLink): Promise<ShareLink> {
  if (!(await isPublicSharingAllowed(tx)))
    throw new GatehouseError('forbidden', 'the org does not allow dashboards to be shared by link')
  const { dashboardUid, title, reason, expiresAt, prefix, hash } = link
  const uid = `share-${randomUUID()}`
  const name = `Link to ${title}`.slice(0, 200)
  await besideFiles(tx, () =>
    tx.rows(
      `insert into service_accounts (org_uid, uid, name, origin) values (app_org(), $1, $2, 'share-link')`,
      [uid, name],
    ),
  )
  await createTemporaryGrant(tx, {
    origin: 'share-link',
    subject: { kind: 'service-account', uid },
    role: 'viewer',
    where: { kind: 'dashboard', uid: dashboardUid },
    constraints: [],
    notBefore: undefined,
    expiresAt,
    reason,
  })
  const { createdAt } = await createToken(tx, { serviceAccountUid: uid, name, prefix, hash, expiresAt })
  return { uid, dashboardUid, reason, createdAt, expiresAt }
}

/** Links of the entered org that have not ended, of one dashboard if named; newest first. */
export async function listShareLinks(
  tx: OrgTransaction,
  dashboardUid?: string,
): Promise<readonly ShareLink[]> {
  const rows = await tx.rows<{
    uid: string
    dashboard_uid: string
    reason: string
    created_at: Date
    expires_at: Date
  }>(
    `select a.uid, g.dashboard_uid, g.reason, a.created_at, g.expires_at
     from service_accounts a join grants g on g.org_uid = a.org_uid and g.service_account_uid = a.uid
     where a.org_uid = app_org() and a.origin = 'share-link' and g.dashboard_uid is not null and g.expires_at > now()
       and ($1::text is null or g.dashboard_uid = $1)
     order by a.created_at desc, a.uid`,
    [dashboardUid ?? null],
  )
  return rows.map((row) => ({
    uid: row.uid,
    dashboardUid: row.dashboard_uid,
    reason: row.reason,
    createdAt: row.created_at.getTime(),
    expiresAt: row.expires_at.getTime(),
  }))
}

/** Ends a link of a dashboard at once; false if there is none. */
export async function deleteShareLink(
  tx: OrgTransaction,
  dashboardUid: string,
  uid: string,
): Promise<boolean> {
  return besideFiles(tx, async () => {
    const rows = await tx.rows(
      `delete from service_accounts a where a.org_uid = app_org() and a.uid = $1 and a.origin = 'share-link'
         and exists (select from grants g where g.org_uid = a.org_uid and g.service_account_uid = a.uid and g.dashboard_uid = $2)
       returning 1`,
      [uid, dashboardUid],
    )
    return rows.length > 0
  })
}
