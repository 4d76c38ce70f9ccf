import type { Resource, ResourceKind } from './model.ts'
import type { Folder, OrgPolicy, ResourceScope, Where } from './policy.ts'

const nouns: Readonly<Record<ResourceKind, string>> = {
  org: 'orgs',
  team: 'teams',
  folder: 'folders',
  dashboard: 'dashboards',
  'data-source': 'datasources',
  'service-account': 'serviceaccounts',
  role: 'roles',
  grant: 'grants',
  'audit-log': 'audit',
}

/** The scope of one resource, for example `folders:uid:x`. */
export function scopeOf(kind: ResourceKind, uid: string): ResourceScope {
  return `${nouns[kind]}:uid:${uid}`
}

/** The scope of a grant's place; the whole org is `*`. */
export function scopeOfPlace(where: Where): ResourceScope {
  return where.kind === 'org' ? '*' : scopeOf(where.kind, where.uid)
}

function parents(policy: OrgPolicy): ReadonlyMap<string, string | undefined> {
  let known = parentsOf.get(policy.folders)
  if (known === undefined) {
    known = new Map(policy.folders.map(({ uid, parentUid }) => [uid, parentUid]))
    parentsOf.set(policy.folders, known)
  }
  return known
}
const parentsOf = new WeakMap<readonly Folder[], ReadonlyMap<string, string | undefined>>()

/** A folder and all above it, innermost first. Ends where the tree does, also if the data held a cycle. */
export function folderPath(policy: OrgPolicy, uid: string): readonly string[] {
  const above = parents(policy)
  const path = new Set<string>()
  let next: string | undefined = uid
  while (next !== undefined && !path.has(next)) {
    path.add(next)
    next = above.get(next)
  }
  return [...path]
}

function foldersOf(policy: OrgPolicy, resource: Resource): readonly string[] {
  if (resource.kind === 'folder') return folderPath(policy, resource.uid)
  return resource.folderUid === undefined ? [] : folderPath(policy, resource.folderUid)
}

/**
 * Every scope that reaches a loaded resource: `*`, its kind, itself, the folders it lies in, the team that owns it.
 * A permission applies when both its own scope and its grant's place are among them.
 */
export function scopesReaching(policy: OrgPolicy, resource: Resource): readonly ResourceScope[] {
  const scopes = new Set(['*', `${nouns[resource.kind]}:*`, scopeOf(resource.kind, resource.uid)])
  for (const folder of foldersOf(policy, resource)) scopes.add('folders:*').add(scopeOf('folder', folder))
  if (resource.teamUid !== undefined) scopes.add('teams:*').add(scopeOf('team', resource.teamUid))
  return [...scopes]
}
