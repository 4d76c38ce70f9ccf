// Generated from policies/permissions.yaml by `npm run golden`; do not edit.

import type { ResourceKind } from './model.ts'

/**
 * The closed vocabulary of actions: what each is checked against, whether its answer holds series, and whether
 * the platform org may do it to other orgs.
 */
export const permissionTable = {
  'datasources:query': {
    on: ['data-source'],
    data: true,
    platform: false,
    description: 'Read series through PromQL, label and series queries',
  },
  'alert.rules:read': {
    on: ['data-source'],
    data: true,
    platform: false,
    description: 'List alerting and recording rules and their state',
  },
  'alert.instances:read': {
    on: ['data-source'],
    data: true,
    platform: false,
    description: 'List firing and pending alerts',
  },
  'alert.silences:read': { on: ['data-source'], data: true, platform: false, description: 'List silences' },
  'alert.silences:write': {
    on: ['data-source'],
    data: true,
    platform: false,
    description: 'Create, change and expire silences',
  },
  'datasources:read': {
    on: ['data-source', 'org'],
    data: false,
    platform: true,
    description: 'See that a data source exists, its name and its state',
  },
  'datasources:create': { on: ['org'], data: false, platform: true, description: 'Create data sources' },
  'datasources:write': {
    on: ['data-source', 'org'],
    data: false,
    platform: true,
    description: 'Change a data source, its shards and replicas',
  },
  'datasources:delete': {
    on: ['data-source', 'org'],
    data: false,
    platform: true,
    description: 'Delete a data source',
  },
  'dashboards:read': { on: ['dashboard'], data: false, platform: false, description: 'Open a dashboard' },
  'dashboards:create': {
    on: ['folder', 'org'],
    data: false,
    platform: false,
    description: 'Create dashboards in a folder, or at the top level of the org',
  },
  'dashboards:write': { on: ['dashboard'], data: false, platform: false, description: 'Change a dashboard' },
  'dashboards:delete': { on: ['dashboard'], data: false, platform: false, description: 'Delete a dashboard' },
  'folders:read': { on: ['folder'], data: false, platform: false, description: 'See a folder' },
  'folders:create': {
    on: ['folder', 'org'],
    data: false,
    platform: false,
    description: 'Create folders in a folder, or at the top level of the org',
  },
  'folders:write': { on: ['folder'], data: false, platform: false, description: 'Rename or move a folder' },
  'folders:delete': { on: ['folder'], data: false, platform: false, description: 'Delete a folder' },
  'users:read': { on: ['org'], data: false, platform: false, description: 'List the members of the org' },
  'users:write': {
    on: ['org'],
    data: false,
    platform: false,
    description: 'Add and remove members of the org',
  },
  'users:sessions': {
    on: ['org'],
    data: false,
    platform: false,
    description: 'List and revoke sessions of members',
  },
  'teams:read': { on: ['team'], data: false, platform: false, description: 'See a team and its members' },
  'teams:create': { on: ['org'], data: false, platform: false, description: 'Create teams' },
  'teams:write': {
    on: ['team'],
    data: false,
    platform: false,
    description: 'Change a team and the members it does not get from the identity provider',
  },
  'teams:delete': { on: ['team'], data: false, platform: false, description: 'Delete a team' },
  'serviceaccounts:read': {
    on: ['service-account'],
    data: false,
    platform: false,
    description: 'See a service account and its tokens',
  },
  'serviceaccounts:create': {
    on: ['org', 'team'],
    data: false,
    platform: false,
    description: 'Create service accounts',
  },
  'serviceaccounts:write': {
    on: ['service-account'],
    data: false,
    platform: false,
    description: 'Change a service account, create and revoke its tokens',
  },
  'serviceaccounts:delete': {
    on: ['service-account'],
    data: false,
    platform: false,
    description: 'Delete a service account',
  },
  'roles:read': { on: ['role'], data: false, platform: false, description: 'See a role and its permissions' },
  'roles:create': { on: ['org'], data: false, platform: false, description: 'Create custom roles' },
  'roles:write': { on: ['role'], data: false, platform: false, description: 'Change a custom role' },
  'roles:delete': { on: ['role'], data: false, platform: false, description: 'Delete a custom role' },
  'grants:read': { on: ['grant'], data: false, platform: false, description: 'See grants' },
  'grants:create': {
    on: ['org', 'folder', 'dashboard', 'data-source', 'team'],
    data: false,
    platform: false,
    description: 'Grant a role there; never more than one holds oneself',
  },
  'grants:delete': { on: ['grant'], data: false, platform: false, description: 'Revoke a grant' },
  'guardrails:read': {
    on: ['org'],
    data: false,
    platform: false,
    description: 'See the selectors that no role overrides',
  },
  'guardrails:write': {
    on: ['org'],
    data: false,
    platform: false,
    description: 'Change the selectors that no role overrides',
  },
  'access:breakglass': {
    on: ['org', 'data-source', 'folder', 'dashboard'],
    data: false,
    platform: false,
    description:
      'Open reading there for hours, with a reason, noticed by the data owner at once and reviewed after',
  },
  'access:explain': {
    on: ['org'],
    data: false,
    platform: false,
    description: 'Ask why somebody else may or may not do something, and who may',
  },
  'audit:list': {
    on: ['audit-log'],
    data: false,
    platform: true,
    description: 'Search the audit log and its state, without what was asked of the data',
  },
  'audit:read': {
    on: ['audit-log'],
    data: false,
    platform: true,
    description: 'See in the audit log what was asked of the data: queries, metrics, dashboards',
  },
  'audit:export': { on: ['audit-log'], data: false, platform: true, description: 'Export the audit log' },
  'audit:reveal': {
    on: ['audit-log'],
    data: false,
    platform: false,
    description: 'Reveal hashed label values in audited queries, with a reason',
  },
  'orgs:read': { on: ['org'], data: false, platform: true, description: 'See an org and its tenants' },
  'orgs:create': { on: ['org'], data: false, platform: true, description: 'Create an org' },
  'orgs:write': { on: ['org'], data: false, platform: true, description: 'Change an org and its tenants' },
  'orgs:delete': { on: ['org'], data: false, platform: true, description: 'Delete an org' },
  'queries:read': {
    on: ['org'],
    data: false,
    platform: true,
    description: 'See which queries run, which are slow and what queries cost',
  },
  'queries:stop': {
    on: ['org'],
    data: false,
    platform: true,
    description: 'Cancel queries that run, and have queries of a tenant, a person or a shape refused',
  },
  'system:read': {
    on: ['org'],
    data: false,
    platform: true,
    description: 'See the state of shards, replicas, caches and the audit spool',
  },
} as const satisfies Record<
  string,
  { on: readonly ResourceKind[]; data: boolean; platform: boolean; description: string }
>

/** `resource:verb`; nothing outside this vocabulary is ever allowed. */
export type Action = keyof typeof permissionTable
