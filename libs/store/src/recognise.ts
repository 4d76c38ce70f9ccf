import { randomUUID } from 'node:crypto'
import { systemEvent } from '@gatehouse/audit'
import { createChangeRecorder } from './audit/record-change.ts'
import { acceptInvitation, findInvitations } from './invitations.ts'
import type { Pool } from './pool.ts'
import { enterOrg, type OrgTransaction, type Transaction, withTransaction } from './transaction.ts'

/** What an identity provider vouches for. `(issuer, subject)` is the person; name and email are for display only. */
export interface VouchedIdentity {
  readonly issuer: string
  readonly subject: string
  readonly name: string
  readonly email: string | undefined
  /** IdP groups, exactly as claimed. */
  readonly groups: readonly string[]
}

/** A person with their orgs and the teams they have there now. */
export interface UserRecord {
  readonly uid: string
  readonly name: string
  readonly memberships: readonly { readonly orgUid: string; readonly teams: readonly string[] }[]
  /** Orgs that made them a member and that they did not come to yet. */
  readonly invitations: readonly string[]
}

interface StoredMembership extends Record<string, unknown> {
  readonly org_uid: string
  readonly source: 'sso' | 'manual'
  readonly manual_teams: readonly string[]
  readonly sso_teams: readonly string[]
}

/** Public ids of people: never reused, and tell nothing about them. */
export function newUserUid(): string {
  return `u-${randomUUID()}`
}

type Found = { uid: string; name: string; disabled: boolean; created: boolean }

async function findOrCreate(tx: Transaction, identity: VouchedIdentity): Promise<Found | undefined> {
  const { issuer, subject, name, email } = identity
  const [found] = await tx.rows<Found>(
    'select uid, name, disabled, created from recognise_user($1, $2, $3, $4, $5)',
    [newUserUid(), issuer, subject, name, email ?? null],
  )
  return found
}

/** Memberships as stored, by org. */
export async function findMemberships(
  tx: Transaction,
  userUid: string,
): Promise<readonly StoredMembership[]> {
  return tx.rows<StoredMembership>(
    'select org_uid, source, manual_teams, sso_teams from find_memberships($1)',
    [userUid],
  )
}

/** A team that groups give, and those of the identity's groups that do. */
interface MappedTeam {
  readonly team: string
  readonly groups: readonly string[]
}

type Mapped = ReadonlyMap<string, readonly MappedTeam[]>

/** Teams that the identity's groups map to, by org; where people are provisioned, what was pushed counts instead. */
async function findMapped(
  tx: Transaction,
  userUid: string,
  { issuer, groups }: VouchedIdentity,
): Promise<Mapped> {
  const rows = await tx.rows<MappedTeam & { org: string }>(
    'select org_uid as org, team_uid as team, idp_groups as groups from find_teams_of_groups($1, $2, $3)',
    [issuer, groups, userUid],
  )
  const mapped = new Map<string, MappedTeam[]>()
  for (const { org, ...team } of rows) mapped.set(org, [...(mapped.get(org) ?? []), team])
  return mapped
}

/** Memberships in force: those given by hand, with what the groups add; one that only groups made ends with them. */
function merge(stored: readonly StoredMembership[], mapped: Mapped): UserRecord['memberships'] {
  const byOrg = new Map([...mapped].map(([org, teams]) => [org, teams.map(({ team }) => team)]))
  for (const { org_uid, source, manual_teams } of stored) {
    const byGroups = byOrg.get(org_uid)
    if (byGroups === undefined && source === 'sso' && manual_teams.length === 0) continue
    byOrg.set(org_uid, [...new Set([...manual_teams, ...(byGroups ?? [])])].toSorted())
  }
  const orgs = [...byOrg].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return orgs.map(([orgUid, teams]) => ({ orgUid, teams }))
}

/** What a sign-in made of somebody's place in an org. */
interface MembershipChange {
  readonly kind: 'joined' | 'changed' | 'left'
  /** Teams that IdP groups give them now and did not before, and the other way round. */
  readonly gained: readonly string[]
  readonly lost: readonly string[]
  /** Teams that other groups give them than before. */
  readonly kept: readonly string[]
}

async function writeMembership(
  org: OrgTransaction,
  userUid: string,
  teams: readonly MappedTeam[],
): Promise<MembershipChange | undefined> {
  const joined = await org.rows(
    `insert into memberships (org_uid, user_uid, source) values (app_org(), $1, 'sso')
     on conflict (org_uid, user_uid) do nothing returning 1`,
    [userUid],
  )
  const isAccepted = await acceptInvitation(org, userUid)
  const lost = await org.rows<{ team: string }>(
    `delete from team_members where org_uid = app_org() and user_uid = $1 and source = 'sso' and team_uid <> all ($2)
     returning team_uid as team`,
    [userUid, teams.map(({ team }) => team)],
  )
  const written = await org.rows<{ team: string; isNew: boolean }>(
    `insert into team_members (org_uid, team_uid, user_uid, source, idp_groups)
     select app_org(), t.team, $1, 'sso', t.groups from jsonb_to_recordset($2) t (team text, groups text[])
     on conflict (org_uid, team_uid, user_uid, source) do update set idp_groups = excluded.idp_groups
       where team_members.idp_groups is distinct from excluded.idp_groups
     returning team_uid as team, xmax = 0 as "isNew"`,
    [userUid, JSON.stringify(teams)],
  )
  const isJoined = isAccepted || joined.length > 0
  if (!isJoined && lost.length + written.length === 0) return undefined
  const uidsOf = (rows: readonly { readonly team: string }[]): string[] =>
    rows.map(({ team }) => team).toSorted()
  return {
    kind: isJoined ? 'joined' : 'changed',
    gained: uidsOf(written.filter(({ isNew }) => isNew)),
    lost: uidsOf(lost),
    kept: uidsOf(written.filter(({ isNew }) => !isNew)),
  }
}

async function endMembership(org: OrgTransaction, userUid: string): Promise<MembershipChange | undefined> {
  const left = await org.rows(
    'delete from memberships where org_uid = app_org() and user_uid = $1 returning 1',
    [userUid],
  )
  return left.length === 0 ? undefined : { kind: 'left', gained: [], lost: [], kept: [] }
}

const recordChange = createChangeRecorder()

/** Groups change access as administrators do, so this is a change with an event, both or neither. */
async function recordMembership(
  org: OrgTransaction,
  userUid: string,
  { kind, gained, lost, kept }: MembershipChange,
): Promise<void> {
  const event = systemEvent({
    code: kind === 'joined' ? 'A010I' : 'A011I',
    action: 'users:sync',
    process: 'sign-in',
    detail: { change: kind, teamsGained: gained, teamsLost: lost, teamsByOtherGroups: kept },
    orgUid: org.orgUid,
    now: Date.now(),
    uuid: randomUUID(),
  })
  await recordChange(org, { ...event, resource: { kind: 'users', uid: userUid } })
}

/** Makes the stored memberships what the groups say, org by org in one order, so that two sign-ins never wait for each other crosswise. */
async function syncMemberships(
  tx: Transaction,
  userUid: string,
  wanted: { stored: readonly StoredMembership[]; mapped: Mapped },
): Promise<void> {
  const kept = merge(wanted.stored, wanted.mapped)
  const orgs = new Set([...wanted.stored.map(({ org_uid }) => org_uid), ...wanted.mapped.keys()])
  for (const orgUid of [...orgs].toSorted()) {
    const org = await enterOrg(tx, orgUid)
    const isKept = kept.some((membership) => membership.orgUid === orgUid)
    const change = isKept
      ? await writeMembership(org, userUid, wanted.mapped.get(orgUid) ?? [])
      : await endMembership(org, userUid)
    if (change !== undefined) await recordMembership(org, userUid, change)
  }
}

const noTeams: MembershipChange = { kind: 'joined', gained: [], lost: [], kept: [] }

/** Makes an invited person a member, with the event of it. */
async function enter(tx: Transaction, userUid: string, orgUid: string): Promise<void> {
  const org = await enterOrg(tx, orgUid)
  if (await acceptInvitation(org, userUid)) await recordMembership(org, userUid, noTeams)
}

/** Memberships as stored. Whoever belongs nowhere else comes to the orgs that invited them. */
async function findOwn(
  tx: Transaction,
  userUid: string,
  mapped: Mapped,
): Promise<readonly StoredMembership[]> {
  const stored = await findMemberships(tx, userUid)
  if (merge(stored, mapped).length > 0) return stored
  const invitations = await findInvitations(tx, userUid)
  for (const orgUid of invitations) await enter(tx, userUid, orgUid)
  return invitations.length === 0 ? stored : findMemberships(tx, userUid)
}

/** A person comes to an org that invited them; their place there, undefined if they have none. */
export async function enterInvited(
  pool: Pool,
  userUid: string,
  orgUid: string,
): Promise<UserRecord['memberships'][number] | undefined> {
  return withTransaction(pool, async (tx) => {
    // Another request of theirs may have come already.
    if ((await findInvitations(tx, userUid)).includes(orgUid)) await enter(tx, userUid, orgUid)
    const stored = await findMemberships(tx, userUid)
    return merge(stored, new Map()).find((membership) => membership.orgUid === orgUid)
  })
}

async function recognise(
  pool: Pool,
  identity: VouchedIdentity,
  isSignIn: boolean,
): Promise<UserRecord | undefined> {
  return withTransaction(pool, async (tx) => {
    const found = await findOrCreate(tx, identity)
    if (found === undefined || found.disabled) return undefined
    const mapped = await findMapped(tx, found.uid, identity)
    const stored = await findOwn(tx, found.uid, mapped)
    if (isSignIn || found.created) await syncMemberships(tx, found.uid, { stored, mapped })
    const memberships = merge(stored, mapped)
    const isIn = (org: string): boolean => memberships.some(({ orgUid }) => orgUid === org)
    const invitations = (await findInvitations(tx, found.uid)).filter((org) => !isIn(org))
    return { uid: found.uid, name: found.name, memberships, invitations }
  })
}

/**
 * A person signing in: created on first sight, and the teams that IdP groups give are made those of this sign-in. Teams given by
 * hand stay. An org that only groups gave is left when they give no team of it any more, with the grants made to the person there.
 * @returns undefined if the person is disabled.
 */
export async function signIn(pool: Pool, identity: VouchedIdentity): Promise<UserRecord | undefined> {
  return recognise(pool, identity, true)
}

/**
 * The person of a bearer token: created on first sight. Their teams are those given by hand and those of this token's groups; an older
 * token therefore never changes what a newer sign-in wrote.
 * @returns undefined if the person is disabled.
 */
export async function recogniseUser(pool: Pool, identity: VouchedIdentity): Promise<UserRecord | undefined> {
  return recognise(pool, identity, false)
}
