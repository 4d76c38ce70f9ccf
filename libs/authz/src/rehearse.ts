import { authorize } from './authorize.ts'
import type { ApprovedDashboard } from './capability/approved.ts'
import { approvedConstraints } from './capability/authorize-by-capability.ts'
import { changeOf } from './difference.ts'
import type { Constraints, Principal } from './model.ts'
import type { Action } from './permissions.gen.ts'
import type { OrgPolicy } from './policy.ts'

/** An org as it is, or as a change would make it. */
export interface RehearsedState {
  readonly policy: OrgPolicy
  readonly dashboards: readonly ApprovedDashboard[]
}

/** Requests of the past that differ in nothing that matters to a decision. */
export interface AuditedUse {
  readonly who: Pick<Principal, 'kind' | 'uid' | 'name' | 'teams'>
  /** One that reads series. */
  readonly action: Action
  readonly dataSource: string
  /** The dashboard or alerting rule the client said it was for; unverified, for the report only. */
  readonly dashboard: string | undefined
  readonly alert: string | undefined
  /** Uid of the dashboard by which it was allowed, where no grant did. */
  readonly via: string | undefined
  readonly allowed: number
  readonly denied: number
  /** The last of them, ms since the epoch. */
  readonly lastAt: number
}

/** What a change does to requests like those of the past. `changed` is neither plainly wider nor plainly narrower. */
export type RehearsedEffect = 'newly-denied' | 'newly-allowed' | 'narrowed' | 'widened' | 'changed'

/** One line of a rehearsal: who, on what, for what, and what they would have seen before and after. */
export interface RehearsedLine extends AuditedUse {
  readonly effect: RehearsedEffect
  readonly before: Constraints
  readonly after: Constraints
  /** Why it would be denied; undefined if it would not. */
  readonly reason: string | undefined
}

/** What a change would have done to the requests of a period. */
export interface Rehearsal {
  /** What hurts first: newly denied, newly allowed, narrowed, widened, changed; in each, the most used first. */
  readonly lines: readonly RehearsedLine[]
  /** Lines and requests of each effect. */
  readonly counts: Readonly<Record<RehearsedEffect, { readonly lines: number; readonly requests: number }>>
  /** Requests looked at, and those of them that the change does nothing to. */
  readonly requests: number
  readonly unchanged: number
  /** What the rehearsal cannot know. */
  readonly cautions: readonly string[]
}

const effects: readonly RehearsedEffect[] = [
  'newly-denied',
  'newly-allowed',
  'narrowed',
  'widened',
  'changed',
]
const nothing: Constraints = { alternatives: [] }

function storedTeams(
  { members, serviceAccounts }: OrgPolicy,
  { kind, uid }: AuditedUse['who'],
): readonly string[] {
  if (kind === 'user')
    return members.find((member) => member.uid === uid)?.teams.map((team) => team.uid) ?? []
  const team = serviceAccounts.find((account) => account.uid === uid)?.teamUid
  return team === undefined ? [] : [team]
}

/**
 * The teams somebody is in under a policy: those it stores, and those that only their token gave at the time (a bearer token's groups),
 * as far as such teams still come from groups.
 */
function teamsUnder(policy: OrgPolicy, current: OrgPolicy, who: AuditedUse['who']): readonly string[] {
  const known = new Set(storedTeams(current, who))
  const byToken = who.teams.filter(
    (uid) => !known.has(uid) && policy.teams.some((team) => team.uid === uid && team.idpGroups.length > 0),
  )
  return [...new Set([...storedTeams(policy, who), ...byToken])].toSorted()
}

interface Outcome {
  readonly constraints: Constraints
  readonly reason: string | undefined
}

function outcomeOf(state: RehearsedState, current: OrgPolicy, use: AuditedUse, now: number): Outcome {
  const { policy, dashboards } = state
  const { kind, uid, name } = use.who
  const principal: Principal = {
    kind,
    uid,
    name,
    orgUid: policy.orgUid,
    teams: teamsUnder(policy, current, use.who),
    identity: undefined,
    credential: { kind: 'session', id: '' },
  }
  const resource = { kind: 'data-source', uid: use.dataSource, orgUid: policy.orgUid } as const
  const decision = authorize(policy, { principal, action: use.action, resource, now })
  if (decision.allowed) return { constraints: decision.constraints, reason: undefined }
  const dashboard = dashboards.find((candidate) => candidate.uid === use.via)
  const given = dashboard && approvedConstraints(policy, dashboard, { resource, now })
  if (dashboard === undefined || given === undefined) return { constraints: nothing, reason: decision.reason }
  const board = {
    kind: 'dashboard',
    uid: dashboard.uid,
    orgUid: policy.orgUid,
    folderUid: dashboard.folderUid,
  } as const
  const read = authorize(policy, { principal, action: 'dashboards:read', resource: board, now })
  return read.allowed
    ? { constraints: given, reason: undefined }
    : { constraints: nothing, reason: read.reason }
}

function effectOf(before: Constraints, after: Constraints): RehearsedEffect | undefined {
  const change = changeOf(before, after)
  if (change === 'lost') return 'newly-denied'
  return change === 'gained' ? 'newly-allowed' : change
}

function cautionsOf(current: OrgPolicy, proposed: OrgPolicy): readonly string[] {
  return proposed.teams.flatMap(({ uid, idpGroups }) => {
    const before = current.teams.find((team) => team.uid === uid)?.idpGroups ?? []
    if (JSON.stringify(before.toSorted()) === JSON.stringify(idpGroups.toSorted())) return []
    return [`the groups of team ${uid} change: who is in it is known when its people sign in again`]
  })
}

function countsOf(lines: readonly RehearsedLine[]): Rehearsal['counts'] {
  const of = (effect: RehearsedEffect): { lines: number; requests: number } => {
    const own = lines.filter((line) => line.effect === effect)
    return {
      lines: own.length,
      requests: own.reduce((sum, { allowed, denied }) => sum + allowed + denied, 0),
    }
  }
  return {
    'newly-denied': of('newly-denied'),
    'newly-allowed': of('newly-allowed'),
    narrowed: of('narrowed'),
    widened: of('widened'),
    changed: of('changed'),
  }
}

/**
 * What a change of policy would have done to the requests of the past: each is decided under the policy as it is and as proposed. A
 * request that is denied today already is not "newly" denied, whatever was answered then.
 * @param now The moment at which grants count as begun or ended; ms since the epoch.
 */
export function rehearse(
  current: RehearsedState,
  proposed: RehearsedState,
  uses: readonly AuditedUse[],
  now: number,
): Rehearsal {
  let requests = 0
  let unchanged = 0
  const lines: RehearsedLine[] = []
  for (const use of uses) {
    const count = use.allowed + use.denied
    requests += count
    const before = outcomeOf(current, current.policy, use, now)
    const after = outcomeOf(proposed, current.policy, use, now)
    const effect = effectOf(before.constraints, after.constraints)
    if (effect === undefined) unchanged += count
    else
      lines.push({
        ...use,
        effect,
        before: before.constraints,
        after: after.constraints,
        reason: after.reason,
      })
  }
  const rank = ({ effect }: RehearsedLine): number => effects.indexOf(effect)
  const weight = ({ allowed, denied }: RehearsedLine): number => allowed + denied
  lines.sort((a, b) => rank(a) - rank(b) || weight(b) - weight(a) || (a.who.uid < b.who.uid ? -1 : 1))
  const cautions = cautionsOf(current.policy, proposed.policy)
  return { lines, counts: countsOf(lines), requests, unchanged, cautions }
}
