import { type BreakGlass, countGrantUses, findBreakGlassInUse, noteBreakGlassUses } from './break-glass.ts'
import { lookUp } from './look-up.ts'
import type { Pool } from './pool.ts'
import type { OrgTransaction } from './transaction.ts'

/** A grant that has ended by itself. `expiresAt` in ms since the epoch. */
export interface EndedGrant {
  readonly uid: string
  readonly subject: { readonly kind: 'user' | 'team' | 'service-account'; readonly uid: string }
  readonly role: string
  readonly origin: string
  readonly expiresAt: number
  /** Uid of the break-glass access it was made for. */
  readonly breakGlassUid: string | undefined
}

/** Uids of the orgs in which access has ended, or break-glass access may have been used, that is not noted yet. */
export async function orgsWithEndings(pool: Pool): Promise<readonly string[]> {
  const rows = await lookUp<{ org_uid: string }>(
    pool,
    'select org_uid from orgs_with_endings() as e (org_uid)',
    [],
  )
  return rows.map(({ org_uid: uid }) => uid)
}

/** Notes which grants of the entered org have ended, and returns those nobody noted before. */
export async function noteEndedGrants(tx: OrgTransaction): Promise<readonly EndedGrant[]> {
  const rows = await tx.rows<{
    uid: string
    subject_kind: EndedGrant['subject']['kind']
    subject_uid: string
    role: string
    origin: string
    expires_at: Date
    break_glass_uid: string | null
  }>(
    `with ended as (
       insert into noted_endings (org_uid, grant_uid, expires_at)
       select g.org_uid, g.uid, g.expires_at from grants g
       where g.org_uid = app_org() and g.expires_at <= now() and g.expires_at > now() - interval '7 days'
       on conflict do nothing returning grant_uid)
     select g.uid, g.role, g.origin, g.expires_at, b.uid as break_glass_uid,
       case when g.user_uid is not null then 'user' when g.team_uid is not null then 'team' else 'service-account' end as subject_kind,
       coalesce(g.user_uid, g.team_uid, g.service_account_uid) as subject_uid
     from ended e
     join grants g on g.org_uid = app_org() and g.uid = e.grant_uid
     left join break_glass b on b.org_uid = g.org_uid and b.grant_uid = g.uid
     order by g.expires_at, g.uid`,
  )
  return rows.map((row) => ({
    uid: row.uid,
    subject: { kind: row.subject_kind, uid: row.subject_uid },
    role: row.role,
    origin: row.origin,
    expiresAt: row.expires_at.getTime(),
    breakGlassUid: row.break_glass_uid ?? undefined,
  }))
}

/** A break-glass access that allowed requests nobody noted before. */
export interface UsedBreakGlass {
  readonly access: BreakGlass
  /** Requests it allowed since the last note, and all in all. */
  readonly requests: number
  readonly total: number
}

/** Notes how often break-glass access in the entered org was used, and returns what was used since it was last noted. */
export async function noteUsedBreakGlass(tx: OrgTransaction): Promise<readonly UsedBreakGlass[]> {
  const found: UsedBreakGlass[] = []
  for (const { access, used } of await findBreakGlassInUse(tx)) {
    const total = await countGrantUses(tx, access.grantUid, access.openedAt)
    if (total <= used) continue
    await noteBreakGlassUses(tx, access.uid, total)
    found.push({ access, requests: total - used, total })
  }
  return found
}
