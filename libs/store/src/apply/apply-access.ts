import { invite } from '../invitations.ts'
import type { AccessDocument, OrgDocument, PersonDocument } from '@gatehouse/authz'
import { GatehouseError } from '@gatehouse/errors'
import { listReachedByOthers } from '../data-sources.ts'
import { findOrg } from '../orgs.ts'
import type { Pool } from '../pool.ts'
import { newUserUid } from '../recognise.ts'
import { enterOrg, type OrgTransaction, type Transaction, withTransaction } from '../transaction.ts'
import { deleteUnwanted, insertMissing, updateChanged } from './sync-table.ts'
import { type AccessTable, accessTables, type TableSpec } from './tables.ts'
import { type FindUser, peopleOf, wantedRows } from './wanted-rows.ts'

/** One row that applying a document added, changed or removed. */
export interface AccessChange {
  readonly orgUid: string
  readonly table: AccessTable | 'orgs'
  readonly kind: 'added' | 'changed' | 'removed'
  /** The row's key within its org. */
  readonly key: string
}

export interface ApplyOptions {
  /** Takes over orgs whose access was managed through the API; without it they are refused. */
  readonly adopt?: boolean
  /**
   * The first of these servers (`host:port`) that a URL leads to under whatever name. With it, a server that another org reaches through
   * another tenant label is refused under any name; the same name always is.
   */
  readonly findAlias?: (url: string, servers: readonly string[]) => Promise<string | undefined>
}

async function writeOrg(
  tx: OrgTransaction,
  org: OrgDocument,
  options: ApplyOptions,
): Promise<readonly AccessChange[]> {
  // Against the API, and against being handed back to it, at the same moment.
  await tx.rows('select from orgs where uid = app_org() for no key update')
  const known = await findOrg(tx)
  if (known?.managed === 'api' && options.adopt !== true)
    throw new GatehouseError('conflict', `the access of ${org.uid} is managed through the API, not in files`)
  const values = [org.uid, org.name, org.platform, org.issuers ?? null, org.publicSharing]
  const [changed] = await tx.rows<{ kind: 'added' | 'changed' }>(
    known === undefined
      ? `insert into orgs (uid, name, platform, issuers, public_sharing, managed) values ($1, $2, $3, $4, $5, 'files') returning 'added' as kind`
      : `update orgs set name = $2, platform = $3, issuers = $4, public_sharing = $5, managed = 'files' where uid = $1
           and (name, platform, issuers, public_sharing, managed) is distinct from ($2, $3, $4, $5, 'files') returning 'changed' as kind`,
    values,
  )
  return changed === undefined ? [] : [{ orgUid: org.uid, table: 'orgs', kind: changed.kind, key: org.uid }]
}

/** Makes a user for every person named who never signed in; later sign-ins find it by the same identity. */
async function findPeople(tx: Transaction, org: OrgDocument): Promise<FindUser> {
  const keyOf = ({ issuer, subject }: PersonDocument): string => JSON.stringify([issuer, subject])
  const uids = new Map<string, string>()
  for (const person of peopleOf(org)) {
    const { issuer, subject } = person
    const [known] = await tx.rows<{ uid: string }>('select uid from find_user($1, $2)', [issuer, subject])
    const [user] =
      known === undefined
        ? await tx.rows<{ uid: string }>('select uid from recognise_user($1, $2, $3, $3, null)', [
            newUserUid(),
            issuer,
            subject,
          ])
        : [known]
    if (user !== undefined) uids.set(keyOf(person), user.uid)
  }
  return (person) => uids.get(keyOf(person)) ?? ''
}

/** Invites who was made a member: a file names people by their subject only. */
async function inviteAdded(
  tx: OrgTransaction,
  { org, findUser }: Prepared,
  added: readonly string[],
): Promise<void> {
  for (const person of peopleOf(org)) {
    const uid = findUser(person)
    if (added.includes(uid)) await invite(tx, uid, person.subject)
  }
}

/** A membership that the file no longer names lives on as long as IdP groups give it. */
async function keepMembersByGroups(tx: OrgTransaction, wanted: readonly unknown[]): Promise<void> {
  await tx.rows(
    `update memberships m set source = 'sso'
     where m.org_uid = app_org() and m.source = 'manual' and m.user_uid <> all ($1) and exists (
       select from team_members t where t.org_uid = m.org_uid and t.user_uid = m.user_uid and t.source = 'sso')`,
    [wanted],
  )
}

interface Prepared {
  readonly org: OrgDocument
  readonly rows: ReturnType<typeof wantedRows>
  readonly findUser: FindUser
}

async function removeFrom(tx: Transaction, { org, rows }: Prepared): Promise<readonly AccessChange[]> {
  const entered = await enterOrg(tx, org.uid)
  const changes: AccessChange[] = []
  for (const table of accessTables.toReversed()) {
    const spec: TableSpec = table
    for (const key of await deleteUnwanted(entered, spec, rows[table.name]))
      changes.push({ orgUid: org.uid, table: table.name, kind: 'removed', key })
  }
  return changes
}

async function writeTo(tx: Transaction, prepared: Prepared): Promise<readonly AccessChange[]> {
  const { org, rows } = prepared
  const entered = await enterOrg(tx, org.uid)
  const changes: AccessChange[] = []
  for (const table of accessTables) {
    const spec: TableSpec = table
    const at = { orgUid: org.uid, table: table.name }
    for (const key of await updateChanged(entered, spec, rows[table.name]))
      changes.push({ ...at, kind: 'changed', key })
    const added = await insertMissing(entered, spec, rows[table.name])
    if (table.name === 'memberships') await inviteAdded(entered, prepared, added)
    for (const key of added) changes.push({ ...at, kind: 'added', key })
  }
  return changes
}

/** Refuses servers that another org reaches through another label and calls by another name. */
async function refuseAliases(tx: OrgTransaction, org: OrgDocument, options: ApplyOptions): Promise<void> {
  const { findAlias } = options
  if (findAlias === undefined) return
  for (const { tenantLabel, shards, engineUrl, alertmanagerUrl } of org.dataSources) {
    const others = await listReachedByOthers(tx, tenantLabel)
    const replicas = shards.flatMap((shard) => shard.replicas.map(({ url }) => url))
    for (const url of [...replicas, engineUrl, alertmanagerUrl]) {
      if (url !== undefined && (await findAlias(url, others)) !== undefined)
        throw new GatehouseError('conflict', `another org reaches ${url} through another tenant label`)
    }
  }
}

/** As {@link applyAccess}, inside a transaction of the caller's. */
export async function applyAccessIn(
  tx: Transaction,
  document: AccessDocument,
  options: ApplyOptions = {},
): Promise<readonly AccessChange[]> {
  await tx.rows(`select set_config('app.managed_by', 'files', true)`)
  const changes: AccessChange[] = []
  const prepared: Prepared[] = []
  for (const org of document.orgs.toSorted((a, b) => (a.uid < b.uid ? -1 : 1))) {
    const entered = await enterOrg(tx, org.uid)
    changes.push(...(await writeOrg(entered, org, options)))
    const findUser = await findPeople(tx, org)
    const rows = wantedRows(org, findUser)
    const members = rows.memberships.map((row) => row['user_uid'])
    await keepMembersByGroups(entered, members)
    prepared.push({ org, rows, findUser })
  }
  // First everything that goes, in all orgs: a tenant may move from one to another.
  for (const entry of prepared) changes.push(...(await removeFrom(tx, entry)))
  for (const entry of prepared) changes.push(...(await writeTo(tx, entry)))
  // What is otherwise looked at when it commits: a plan, which never does, is to know, too.
  await tx.rows('set constraints all immediate')
  for (const { org } of prepared) await refuseAliases(await enterOrg(tx, org.uid), org, options)
  await tx.rows(`select set_config('app.managed_by', '', true)`)
  return changes
}

/**
 * Makes the access of the document's orgs exactly what it says, all of it or nothing. Applying it again changes nothing. What it does
 * not speak of stays: other orgs, tokens, sessions, folders that files never named, dashboards, and teams that IdP groups give.
 * @throws GatehouseError `conflict` if an org is managed through the API, a tenant belongs to another org, or something to be
 *   removed is still in use; `unavailable` if Postgres is away.
 * @example await applyAccess(pool, parseAccessDocument(parse(readFileSync('access.yaml', 'utf8'))))
 */
export async function applyAccess(
  pool: Pool,
  document: AccessDocument,
  options: ApplyOptions = {},
): Promise<readonly AccessChange[]> {
  return withTransaction(pool, (tx) => applyAccessIn(tx, document, options))
}
