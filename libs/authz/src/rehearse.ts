import { authorize } from './authorize.ts'
import type { ApprovedDashboard } from './capability/approved.ts'
import { approvedConstraints } from './capability/authorize-by-capability.ts'
import { changeOf } from './difference.ts'
import type { Constraints, Principal } from './model.ts'
import type { Action } from './permissions.gen.ts'
import type { OrgPolicy, Team } from './policy.ts'
import { type JudgedTeams, judgeTeams, remappedTeams, teamsToday } from './rehearse-teams.ts'

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

/** Requests that a change does one thing to if somebody is in these teams, and another if not. */
export interface UnjudgedLine extends AuditedUse {
  readonly teams: readonly string[]
  readonly ifIn: RehearsedEffect | 'unchanged'
  readonly ifNot: RehearsedEffect | 'unchanged'
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
  /** Requests whose fate depends on groups that nobody knows before these people sign in again. */
  readonly unjudged: readonly UnjudgedLine[]
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

interface Outcome {
  readonly constraints: Constraints
  readonly reason: string | undefined
}

function outcomeOf(state: RehearsedState, teams: readonly string[], use: AuditedUse, now: number): Outcome {
  const { policy, dashboards } = state
  const { kind, uid, name } = use.who
  const principal: Principal = {
    kind,
    uid,
    name,
    orgUid: policy.orgUid,
    teams,
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

function cautionsOf(remapped: readonly Team[], unjudged: readonly UnjudgedLine[]): readonly string[] {
  return remapped.map(({ uid }) => {
    const own = unjudged.filter(({ teams }) => teams.includes(uid))
    const people = new Set(own.map(({ who }) => who.uid)).size
    const judged = `the groups of team ${uid} change: who is in it is judged by the groups that other teams name`
    if (own.length === 0) return judged
    const requests = own.reduce((sum, { allowed, denied }) => sum + allowed + denied, 0)
    return `${judged}; ${requests} requests of ${people} people cannot be judged until they sign in again`
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

const weight = ({ allowed, denied }: AuditedUse): number => allowed + denied

function byWeight(a: AuditedUse, b: AuditedUse): number {
  return weight(b) - weight(a) || (a.who.uid < b.who.uid ? -1 : 1)
}

/** Judges each person once, however much they asked. */
function createJudge(current: OrgPolicy, proposed: OrgPolicy, remapped: readonly Team[]) {
  const known = new Map<string, JudgedTeams>()
  return (who: AuditedUse['who']): JudgedTeams => {
    const key = JSON.stringify([who.kind, who.uid, who.teams])
    const found = known.get(key) ?? judgeTeams(current, proposed, who, remapped)
    known.set(key, found)
    return found
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
  const remapped = remappedTeams(current.policy, proposed.policy)
  const judged = createJudge(current.policy, proposed.policy, remapped)
  let requests = 0
  let unchanged = 0
  const lines: RehearsedLine[] = []
  const unjudged: UnjudgedLine[] = []
  for (const use of uses) {
    const count = weight(use)
    requests += count
    const before = outcomeOf(current, teamsToday(current.policy, use.who), use, now)
    const { certain, possible } = judged(use.who)
    const after = outcomeOf(proposed, certain, use, now)
    const effect = effectOf(before.constraints, after.constraints)
    if (possible.length > 0) {
      const most = outcomeOf(proposed, [...certain, ...possible].toSorted(), use, now)
      if (changeOf(after.constraints, most.constraints) !== undefined) {
        const ifIn = effectOf(before.constraints, most.constraints) ?? 'unchanged'
        unjudged.push({ ...use, teams: possible, ifIn, ifNot: effect ?? 'unchanged' })
        continue
      }
    }
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
  lines.sort((a, b) => rank(a) - rank(b) || byWeight(a, b))
  unjudged.sort(byWeight)
  const cautions = cautionsOf(remapped, unjudged)
  return { lines, counts: countsOf(lines), requests, unchanged, unjudged, cautions }
}
