import type { Matcher } from '@gatehouse/promql'
import type { Principal, Resource } from './model.ts'
import type { Action } from './permissions.gen.ts'
import type { Grant, Guardrail, OrgPolicy, Role, Subject, Where } from './policy.ts'

// A second evaluator that shares no code with the first: it looks at one series at a time and follows the words of the model.
// Values are drawn from small sets, plus one that no policy speaks of, so that they stand for all there are.

const labels = {
  tenant: ['', 't1', 't2', 't3', 'zz'],
  env: ['', 'prod', 'test', 'zz'],
  team: ['', 'a', 'b', 'zz'],
  pii: ['', 'yes', 'zz'],
} as const
export type Series = Readonly<Record<keyof typeof labels, string>>
export const universe: readonly Series[] = labels.tenant.flatMap((tenant) =>
  labels.env.flatMap((env) =>
    labels.team.flatMap((team) => labels.pii.map((pii) => ({ tenant, env, team, pii }))),
  ),
)
export const dataActions = ['datasources:query', 'alert.rules:read'] as const
const otherActions = [
  'dashboards:read',
  'folders:write',
  'teams:read',
  'orgs:write',
  'datasources:write',
] as const
export const allActions: readonly Action[] = [...dataActions, ...otherActions]

/** A seeded generator (mulberry32), so that a failure can be run again. */
export function createRandom(seed: number) {
  let state = seed
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    chance: (p: number): boolean => next() < p,
    pick: <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T,
    times: <T>(max: number, make: (index: number) => T): T[] =>
      Array.from({ length: Math.floor(next() * (max + 1)) }, (_, i) => make(i)),
  }
}
type Random = ReturnType<typeof createRandom>

function randomMatcher(random: Random): Matcher {
  const name = random.pick(['env', 'env', 'team', 'team', 'pii', 'tenant'] as const)
  const values = labels[name].filter((value) => value !== '' && value !== 'zz')
  const op = random.pick(['=', '=', '=', '!=', '=~', '!~'] as const)
  if (op === '!=' && random.chance(0.3)) return { name, op, value: '' }
  const isRegex = op === '=~' || op === '!~'
  const value =
    isRegex && random.chance(0.6) ? [random.pick(values), random.pick(values)].join('|') : random.pick(values)
  return { name, op, value }
}

export function randomConjunction(random: Random): Matcher[] {
  return [randomMatcher(random), ...random.times(1, () => randomMatcher(random))]
}

const folderUids = ['f1', 'f2', 'f3', 'f4'] as const
const teamUids = ['a', 'b', 'c'] as const
const times = [10, 20, 30] as const

function randomWhere(random: Random): Where {
  if (random.chance(0.5)) return { kind: 'org' }
  if (random.chance(0.3)) return { kind: 'data-source', uid: 'main' }
  return random.pick<Where>([
    { kind: 'folder', uid: random.pick(folderUids) },
    { kind: 'data-source', uid: 'other' },
    { kind: 'dashboard', uid: random.pick(['d1', 'd2']) },
    { kind: 'team', uid: random.pick(teamUids) },
  ])
}

function randomGrant(random: Random, uid: string): Grant {
  const subject = random.pick([
    { kind: 'user', uid: random.pick(['u1', 'u2', 'u3']) },
    { kind: 'service-account', uid: random.pick(['u1', 's1']) },
    { kind: 'team', uid: random.pick(teamUids) },
    { kind: 'team', uid: random.pick(teamUids) },
  ] as const)
  const from = random.chance(0.2) ? random.pick(times) : undefined
  const until = random.chance(0.2) ? random.pick(times) : undefined
  return {
    uid,
    subject,
    role: random.pick(['r0', 'r1', 'r2', 'gone']),
    where: randomWhere(random),
    constraints: random.chance(0.3)
      ? []
      : [randomConjunction(random), ...random.times(1, () => randomConjunction(random))],
    notBefore: from,
    expiresAt: until,
    reason: '',
  }
}

const scopes = [
  '*',
  '*',
  '*',
  'folders:*',
  'folders:uid:f2',
  'datasources:uid:main',
  'dashboards:uid:d1',
  'teams:uid:a',
  'orgs:*',
] as const

function randomRole(random: Random, name: string): Role {
  const permissions = [0, 1, 2, 3, 4].map(() => ({
    action: random.pick(random.chance(0.5) ? dataActions : allActions),
    scope: random.chance(0.7) ? '*' : random.pick(scopes),
  }))
  return { name, version: 1, description: '', permissions }
}

export function randomPolicy(random: Random): OrgPolicy {
  const guardrails: Guardrail[] = random.times(2, (i) => ({
    uid: `x${i}`,
    selector: randomConjunction(random),
    reason: '',
  }))
  return {
    orgUid: 'org',
    name: 'Org',
    isPlatform: random.chance(0.2),
    version: '1',
    tenants: random.pick([['t1'], ['t1', 't2'], ['t2'], ['t1', 't2'], []]),
    teams: teamUids.map((uid) => ({ uid, name: uid, idpGroups: [] })),
    members: ['u1', 'u2', 'u3'].map((uid) => ({
      uid,
      name: uid,
      isDisabled: random.chance(0.1),
      teams: random.times(3, () => ({
        uid: random.pick(teamUids),
        source: random.pick(['sso', 'manual'] as const),
      })),
    })),
    serviceAccounts: ['s1', 'u1'].map((uid) => ({
      uid,
      name: uid,
      teamUid: random.pick([undefined, ...teamUids]),
      isDisabled: random.chance(0.1),
    })),
    folders: folderUids.map((uid, i) => ({
      uid,
      title: uid,
      parentUid: i === 0 ? undefined : random.pick([undefined, ...folderUids.slice(0, i)]),
    })),
    dataSources: random.chance(0.9) ? [{ uid: 'main', name: 'Main', tenantLabel: 'tenant' }] : [],
    roles: ['r0', 'r1', 'r2'].map((name) => randomRole(random, name)),
    grants: [0, 1, 2, 3].concat(random.times(4, (i) => i + 4)).map((i) => randomGrant(random, `g${i}`)),
    guardrails,
  }
}

export function randomResource(random: Random, action: Action): Resource {
  const orgUid = random.chance(0.95) ? 'org' : 'elsewhere'
  const folderUid = random.pick([undefined, ...folderUids])
  const dataSource: Resource = {
    kind: 'data-source',
    uid: random.pick(['main', 'main', 'main', 'other']),
    orgUid,
  }
  if (action.startsWith('datasources') || action.startsWith('alert'))
    return random.chance(0.9) ? dataSource : { kind: 'org', uid: random.pick(['org', 'another']), orgUid }
  if (action === 'dashboards:read')
    return { kind: 'dashboard', uid: random.pick(['d1', 'd2']), orgUid, folderUid }
  if (action === 'folders:write') return { kind: 'folder', uid: random.pick(folderUids), orgUid }
  if (action === 'teams:read') return { kind: 'team', uid: random.pick(teamUids), orgUid }
  return { kind: 'org', uid: random.pick(['org', 'another']), orgUid }
}

/** An approved dashboard: who stands for it, for which data sources, and what its queries select. */
export interface Board {
  readonly uid: string
  readonly folderUid: string | undefined
  readonly by: Subject
  readonly dataSources: readonly string[]
  readonly constraints: readonly (readonly Matcher[])[]
  readonly queries: readonly (readonly Matcher[])[]
}

export function randomBoards(random: Random): readonly Board[] {
  return ['d1', 'd2'].map((uid) => ({
    uid,
    folderUid: random.pick([undefined, ...folderUids]),
    by: random.pick<Subject>([
      { kind: 'user', uid: random.pick(['u1', 'u1', 'u2', 'gone']) },
      { kind: 'service-account', uid: 's1' },
      { kind: 'team', uid: random.pick(teamUids) },
    ]),
    dataSources: random.chance(0.9) ? ['main'] : ['other'],
    constraints: random.times(1, () => randomConjunction(random)),
    queries: [randomConjunction(random), ...random.times(1, () => randomConjunction(random))],
  }))
}

// ── The reference ──────────────────────────────────────────────────────────────────────────────────────────────────────

export function matches(series: Series, { name, op, value }: Matcher): boolean {
  const found = series[name as keyof Series]
  switch (op) {
    case '=':
      return found === value
    case '!=':
      return found !== value
    case '=~':
      return value.split('|').includes(found)
    case '!~':
      return !value.split('|').includes(found)
  }
}

function insideFolder(policy: OrgPolicy, folder: string | undefined, wanted: string): boolean {
  if (folder === undefined) return false
  if (folder === wanted) return true
  return insideFolder(policy, policy.folders.find((f) => f.uid === folder)?.parentUid, wanted)
}

function isAt(policy: OrgPolicy, resource: Resource, kind: string, uid: string): boolean {
  if (kind === 'folder')
    return insideFolder(policy, resource.kind === 'folder' ? resource.uid : resource.folderUid, uid)
  return resource.kind === kind && resource.uid === uid
}

const kindOfNoun: Record<string, string> = {
  folders: 'folder',
  datasources: 'data-source',
  dashboards: 'dashboard',
  teams: 'team',
  orgs: 'org',
}

function scopeReaches(policy: OrgPolicy, resource: Resource, scope: string): boolean {
  if (scope === '*') return true
  const [noun = '', rest, uid = ''] = scope.split(':')
  const kind = kindOfNoun[noun] ?? ''
  if (rest !== '*') return isAt(policy, resource, kind, uid)
  return resource.kind === kind || (kind === 'folder' && resource.folderUid !== undefined)
}

const kindsOfAction: Record<string, readonly string[]> = {
  'datasources:query': ['data-source'],
  'alert.rules:read': ['data-source'],
  'dashboards:read': ['dashboard'],
  'folders:write': ['folder'],
  'teams:read': ['team'],
  'orgs:write': ['org'],
  'datasources:write': ['data-source', 'org'],
}
const platformActions = new Set<string>(['orgs:write', 'datasources:write'])

export interface Question {
  readonly principal: Principal
  readonly action: Action
  readonly resource: Resource
  readonly now: number
}

export function allowingGrants(
  policy: OrgPolicy,
  { principal, action, resource, now }: Question,
): readonly Grant[] {
  if (principal.orgUid !== policy.orgUid || resource.orgUid !== policy.orgUid) return []
  if (!kindsOfAction[action]?.includes(resource.kind)) return []
  if (
    resource.kind === 'org' &&
    resource.uid !== policy.orgUid &&
    !(policy.isPlatform && platformActions.has(action))
  )
    return []
  const accounts = principal.kind === 'user' ? policy.members : policy.serviceAccounts
  if (accounts.find(({ uid }) => uid === principal.uid)?.isDisabled === true) return []
  return policy.grants.filter((grant) => {
    const names = [`${principal.kind} ${principal.uid}`, ...principal.teams.map((team) => `team ${team}`)]
    if (!names.includes(`${grant.subject.kind} ${grant.subject.uid}`)) return false
    if (grant.notBefore !== undefined && now < grant.notBefore) return false
    if (grant.expiresAt !== undefined && now >= grant.expiresAt) return false
    const { where } = grant
    if (where.kind !== 'org' && !isAt(policy, resource, where.kind, where.uid)) return false
    const role = policy.roles.find(({ name }) => name === grant.role)
    return (
      role?.permissions.some((p) => p.action === action && scopeReaches(policy, resource, p.scope)) ?? false
    )
  })
}

export function readable(policy: OrgPolicy, question: Question): ReadonlySet<Series> {
  const grants = allowingGrants(policy, question)
  if (!policy.dataSources.some(({ uid }) => uid === question.resource.uid)) return new Set()
  return new Set(
    universe.filter((series) => {
      if (!policy.tenants.includes(series.tenant)) return false
      if (policy.guardrails.some(({ selector }) => selector.every((matcher) => matches(series, matcher))))
        return false
      return grants.some(
        ({ constraints }) =>
          constraints.length === 0 || constraints.some((all) => all.every((m) => matches(series, m))),
      )
    }),
  )
}

function approverOf(policy: OrgPolicy, { kind, uid }: Subject): Principal | undefined {
  if (kind !== 'team') return principalsOf(policy).find((one) => one.kind === kind && one.uid === uid)
  const credential = { kind: 'session', id: '' } as const
  return { kind: 'user', uid: '', name: '', orgUid: 'org', teams: [uid], identity: undefined, credential }
}

/** The series that dashboards show somebody whom no grant lets query the data source. */
export function readableThroughBoards(
  policy: OrgPolicy,
  question: Question,
  boards: readonly Board[],
): ReadonlySet<Series> {
  const { resource } = question
  if (question.action !== 'datasources:query' || resource.orgUid !== policy.orgUid) return new Set()
  return new Set(
    boards.flatMap(({ uid, folderUid, by, dataSources, constraints, queries }) => {
      const board: Resource = { kind: 'dashboard', uid, orgUid: policy.orgUid, folderUid }
      const mayOpen =
        allowingGrants(policy, { ...question, action: 'dashboards:read', resource: board }).length > 0
      const approver = approverOf(policy, by)
      if (!mayOpen || approver === undefined || !dataSources.includes(resource.uid)) return []
      const holds = (series: Series, any: readonly (readonly Matcher[])[]): boolean =>
        any.some((all) => all.every((matcher) => matches(series, matcher)))
      return [...readable(policy, { ...question, principal: approver })].filter(
        (series) => (constraints.length === 0 || holds(series, constraints)) && holds(series, queries),
      )
    }),
  )
}

export const isData = (action: Action): boolean => (dataActions as readonly string[]).includes(action)

export function principalsOf(policy: OrgPolicy): Principal[] {
  const common = { orgUid: 'org', identity: undefined, credential: { kind: 'session', id: '' } } as const
  const users = policy.members.map(({ uid, name, teams }) => ({
    kind: 'user' as const,
    uid,
    name,
    teams: [...new Set(teams.map((team) => team.uid))].toSorted(),
    ...common,
  }))
  const accounts = policy.serviceAccounts.map(({ uid, name, teamUid }) => ({
    kind: 'service-account' as const,
    uid,
    name,
    teams: teamUid === undefined ? [] : [teamUid],
    ...common,
  }))
  return [...users, ...accounts]
}

export function overlapOfSets(selected: readonly Series[], admitted: ReadonlySet<Series>): string {
  const hit = selected.filter((series) => admitted.has(series)).length
  if (hit === 0) return 'none'
  return hit === selected.length ? 'all' : 'some'
}
