/** A table that an access document describes: its key within the org, and its other columns. */
export interface TableSpec {
  readonly name: string
  readonly key: readonly string[]
  readonly columns: readonly string[]
  /** Rows the document has no say over are left alone: a condition on `t`. */
  readonly only?: string
}

/** In the order in which rows may be written: what is referred to stands before what refers to it. */
export const accessTables = [
  { name: 'tenants', key: ['value'], columns: [] },
  { name: 'memberships', key: ['user_uid'], columns: ['source'], only: `t.source = 'manual'` },
  { name: 'teams', key: ['uid'], columns: ['name', 'idp_groups'] },
  { name: 'team_members', key: ['team_uid', 'user_uid', 'source'], columns: [], only: `t.source = 'manual'` },
  // People make folders too, for their dashboards.
  {
    name: 'folders',
    key: ['uid'],
    columns: ['title', 'parent_uid', 'origin'],
    only: `t.origin = 'policy'`,
  },
  { name: 'service_accounts', key: ['uid'], columns: ['name', 'team_uid'], only: `t.origin = 'policy'` },
  {
    name: 'data_sources',
    key: ['uid'],
    columns: [
      'name',
      'tenant_label',
      'alertmanager_url',
      'engine_url',
      'evaluation_interval',
      'partial_response',
      'backend',
    ],
  },
  { name: 'shards', key: ['data_source_uid', 'name'], columns: ['slice'] },
  { name: 'replicas', key: ['data_source_uid', 'shard', 'name'], columns: ['url'] },
  { name: 'roles', key: ['name'], columns: ['version', 'description', 'permissions'] },
  { name: 'guardrails', key: ['uid'], columns: ['selector', 'reason'] },
  {
    name: 'grants',
    key: ['uid'],
    columns: [
      'user_uid',
      'team_uid',
      'service_account_uid',
      'role',
      'folder_uid',
      'data_source_uid',
      'dashboard_uid',
      'within_team_uid',
      'constraints',
      'not_before',
      'expires_at',
      'reason',
    ],
    only: `t.origin = 'policy'`,
  },
] as const satisfies readonly TableSpec[]

export type AccessTable = (typeof accessTables)[number]['name']

/** Wanted rows by table: JSON values by column name. */
export type WantedRows = Readonly<Record<AccessTable, readonly Readonly<Record<string, unknown>>[]>>
