import { createHash } from 'node:crypto'
import type { GrantDocument, OrgDocument, PersonDocument } from '@gatehouse/authz'
import type { WantedRows } from './tables.ts'

/** Uid of the user of an identity; every person of the document has one by now. */
export type FindUser = (person: PersonDocument) => string

function subjectColumns(grant: GrantDocument, findUser: FindUser): Record<string, string> {
  if ('team' in grant) return { team_uid: grant.team }
  if ('user' in grant) return { user_uid: findUser(grant.user) }
  return { service_account_uid: grant.serviceAccount }
}

function whereColumns({ on }: GrantDocument): Record<string, string> {
  if (on === undefined) return {}
  if ('folder' in on) return { folder_uid: on.folder }
  if ('dataSource' in on) return { data_source_uid: on.dataSource }
  if ('dashboard' in on) return { dashboard_uid: on.dashboard }
  return { within_team_uid: on.team }
}

function grantRow(grant: GrantDocument, findUser: FindUser): Record<string, unknown> {
  const content = {
    ...subjectColumns(grant, findUser),
    role: grant.role,
    ...whereColumns(grant),
    constraints: grant.constraints,
    not_before: grant.notBefore ?? null,
    expires_at: grant.expiresAt ?? null,
    reason: grant.reason,
  }
  // The same grant keeps its uid however often the file is applied, and a changed one is another grant.
  const derived = createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 16)
  return { uid: grant.uid ?? `g-${derived}`, ...content }
}

function uniqueBy<T>(rows: readonly T[], keyOf: (row: T) => string): readonly T[] {
  return [...new Map(rows.map((row) => [keyOf(row), row])).values()]
}

function shardRows({ dataSources }: OrgDocument): Pick<WantedRows, 'data_sources' | 'shards' | 'replicas'> {
  const shards = dataSources.flatMap((source) =>
    source.shards.map((shard) => ({ data_source_uid: source.uid, shard })),
  )
  return {
    data_sources: dataSources.map(({ uid, name, tenantLabel, alertmanagerUrl, engineUrl, ...source }) => ({
      uid,
      name,
      tenant_label: tenantLabel,
      alertmanager_url: alertmanagerUrl ?? null,
      engine_url: engineUrl ?? null,
      evaluation_interval: source.evaluationInterval ?? null,
      partial_response: source.partialResponse,
      backend: source.backend,
    })),
    shards: shards.map(({ data_source_uid, shard: { name, tenants, tenantHash, series, samples } }) => ({
      data_source_uid,
      name,
      slice: { tenants, tenantHash, series, samples },
    })),
    replicas: shards.flatMap(({ data_source_uid, shard }) =>
      shard.replicas.map(({ name, url }) => ({ data_source_uid, shard: shard.name, name, url })),
    ),
  }
}

/** People an org's document names, in teams or grants. */
export function peopleOf(org: OrgDocument): readonly PersonDocument[] {
  const named = [
    ...org.teams.flatMap(({ members }) => members),
    ...org.grants.flatMap((g) => ('user' in g ? [g.user] : [])),
  ]
  return uniqueBy(named, ({ issuer, subject }) => JSON.stringify([issuer, subject]))
}

/** The rows an org's document stands for. */
export function wantedRows(org: OrgDocument, findUser: FindUser): WantedRows {
  const members = org.teams.flatMap(({ uid, members: people }) =>
    people.map((person) => ({ team_uid: uid, user_uid: findUser(person), source: 'manual' })),
  )
  return {
    tenants: org.tenants.map((value) => ({ value })),
    memberships: peopleOf(org).map((person) => ({ user_uid: findUser(person), source: 'manual' })),
    teams: org.teams.map(({ uid, name, idpGroups }) => ({ uid, name, idp_groups: idpGroups })),
    team_members: uniqueBy(members, (row) => JSON.stringify(row)),
    folders: org.folders.map(({ uid, title, parent }) => ({
      uid,
      title,
      parent_uid: parent ?? null,
      origin: 'policy',
    })),
    service_accounts: org.serviceAccounts.map(({ uid, name, team }) => ({
      uid,
      name,
      team_uid: team ?? null,
    })),
    ...shardRows(org),
    roles: org.roles.map(({ name, version, description, permissions }) => ({
      name,
      version,
      description,
      permissions,
    })),
    guardrails: org.guardrails.map(({ uid, selector, reason }) => ({ uid, selector, reason })),
    grants: uniqueBy(
      org.grants.map((grant) => grantRow(grant, findUser)),
      ({ uid }) => String(uid),
    ),
  }
}
