import type { Member } from '@gatehouse/authz'
import type { OrgTransaction } from './transaction.ts'

type MemberRow = {
  uid: string
  name: string
  isDisabled: boolean
  teams: Member['teams']
  isProvisioned: boolean
}

/** Users who are members of the entered org, or invited, with their teams. */
export async function listMembers(tx: OrgTransaction): Promise<readonly Member[]> {
  const rows = await tx.rows<MemberRow>(`
    select m.user_uid as uid, coalesce(i.name, u.name) as name, coalesce(u.disabled, false) or m.disabled as "isDisabled",
      coalesce(json_agg(
          case when t.source = 'manual' then json_build_object('uid', t.team_uid, 'source', 'manual')
          when t.idp_groups = '{}' then json_build_object('uid', t.team_uid, 'source', 'sso')
          else json_build_object('uid', t.team_uid, 'source', 'sso', 'groups', t.idp_groups) end
          order by t.team_uid, t.source)
        filter (where t.team_uid is not null), '[]') as teams,
      exists (select from scim_users s where s.org_uid = m.org_uid and s.user_uid = m.user_uid) as "isProvisioned"
    from memberships m
    left join invitations i on i.org_uid = m.org_uid and i.user_uid = m.user_uid
    left join users u on u.uid = m.user_uid and i.user_uid is null
    left join team_members t on t.org_uid = m.org_uid and t.user_uid = m.user_uid
    where m.org_uid = app_org()
    group by m.org_uid, m.user_uid, i.name, u.uid, u.name, u.disabled, m.disabled
    order by m.user_uid`)
  return rows.map(({ isProvisioned, ...member }) => (isProvisioned ? { ...member, isProvisioned } : member))
}

/** Uid of the member of the entered org whom an identity provider calls so; undefined also for who is only invited. */
export async function findMember(
  tx: OrgTransaction,
  { issuer, subject }: { readonly issuer: string; readonly subject: string },
): Promise<string | undefined> {
  const [row] = await tx.rows<{ uid: string }>(
    'select user_uid as uid from identities where issuer = $1 and subject = $2',
    [issuer, subject],
  )
  return row?.uid
}
