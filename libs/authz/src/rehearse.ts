import { type VectorSelector } from '@gatehouse/promql'
import { type AccessQuestion, authorize } from './authorize.ts'
import { type ApprovedDashboard, type CapabilityOf, createCapabilities } from './capability/approved.ts'
import { approvedConstraints, authorizeByCapability } from './capability/authorize-by-capability.ts'
import type { CapabilityRequest } from './capability/capability.ts'
import type { Constraints, Principal } from './model.ts'
import type { Action } from './permissions.gen.ts'
import type { OrgPolicy, Team } from './policy.ts'
import { type AuditedRequest, enforcedChange, readAudited, selectorsOf } from './rehearse-request.ts'
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
  /** One of what they asked that the log has whole; undefined where it has not. */
  readonly asked: AuditedRequest | undefined
  /** Uid of the dashboard by which it was allowed, or would be, where no grant did. */
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
  /** What is answered; undefined where that may be any series. */
  readonly selectors: readonly VectorSelector[] | undefined
  /** Uid of the dashboard that gives it. */
  readonly via: string | undefined
}

/** One group of requests, with what they asked. */
interface Replayed {
  readonly use: AuditedUse
  readonly request: CapabilityRequest | undefined
  readonly capabilityOf: CapabilityOf
  readonly now: number
}

function refused(reason: string): Outcome {
  return { constraints: nothing, reason, selectors: undefined, via: undefined }
}

/** What a dashboard gave is followed even where the log does not have what was asked. */
function followed(state: RehearsedState, question: AccessQuestion, use: AuditedUse): Outcome | undefined {
  const { policy, dashboards } = state
  const { principal, resource, now } = question
  const dashboard = dashboards.find((candidate) => candidate.uid === use.via)
  const constraints = dashboard && approvedConstraints(policy, dashboard, { resource, now })
  if (dashboard === undefined || constraints === undefined) return undefined
  const { uid, folderUid } = dashboard
  const board = { kind: 'dashboard', uid, orgUid: policy.orgUid, folderUid } as const
  const read = authorize(policy, { principal, action: 'dashboards:read', resource: board, now })
  return read.allowed
    ? { constraints, reason: undefined, selectors: undefined, via: uid }
    : refused(read.reason)
}

function byDashboard(
  state: RehearsedState,
  question: AccessQuestion,
  { use, request, capabilityOf }: Replayed,
): Outcome | undefined {
  if (request === undefined) return followed(state, question, use)
  const { policy, dashboards } = state
  const hint = use.via ?? use.dashboard
  const decision = authorizeByCapability(policy, question, { request, dashboards, capabilityOf, hint })
  if (!decision.allowed) return undefined
  const { constraints, instead, because } = decision
  const via = because.find((one) => one.via.startsWith('dashboard:'))?.via.slice('dashboard:'.length)
  return { constraints, reason: undefined, selectors: instead?.matches ?? selectorsOf(request), via }
}

function outcomeOf(state: RehearsedState, teams: readonly string[], replayed: Replayed): Outcome {
  const { policy } = state
  const { use, request, now } = replayed
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
  const question = { principal, action: use.action, resource, now }
  const decision = authorize(policy, question)
  if (!decision.allowed) return byDashboard(state, question, replayed) ?? refused(decision.reason)
  const { constraints } = decision
  return { constraints, reason: undefined, selectors: selectorsOf(request), via: undefined }
}

function effectOf(before: Outcome, after: Outcome): RehearsedEffect | undefined {
  // A dashboard may answer less than was asked: then only the answers as a whole can be compared.
  const isSame = JSON.stringify(before.selectors) === JSON.stringify(after.selectors)
  const change = enforcedChange(isSame ? after.selectors : undefined, before.constraints, after.constraints)
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

/** Requests that differ only in what they asked are one line, with the most used of it. */
function merged(lines: readonly RehearsedLine[]): RehearsedLine[] {
  const byKey = new Map<string, RehearsedLine>()
  for (const line of lines.toSorted((a, b) => weight(b) - weight(a))) {
    const { who, action, dataSource, dashboard, alert, via, effect, before, after, reason } = line
    const key = JSON.stringify([
      who,
      action,
      dataSource,
      dashboard,
      alert,
      via,
      effect,
      before,
      after,
      reason,
    ])
    const first = byKey.get(key)
    byKey.set(
      key,
      first === undefined
        ? line
        : {
            ...first,
            allowed: first.allowed + line.allowed,
            denied: first.denied + line.denied,
            lastAt: Math.max(first.lastAt, line.lastAt),
          },
    )
  }
  return [...byKey.values()]
}

/**
 * What a change of policy would have done to the requests of the past: each is decided and enforced under the policy as it is and as
 * proposed. A request that is denied today already is not "newly" denied, whatever was answered then.
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
  const capabilityOf = createCapabilities()
  let requests = 0
  let unchanged = 0
  const lines: RehearsedLine[] = []
  const unjudged: UnjudgedLine[] = []
  for (const use of uses) {
    const count = weight(use)
    requests += count
    const replayed: Replayed = { use, request: readAudited(use.asked), capabilityOf, now }
    const before = outcomeOf(current, teamsToday(current.policy, use.who), replayed)
    const { certain, possible } = judged(use.who)
    const after = outcomeOf(proposed, certain, replayed)
    const effect = effectOf(before, after)
    if (possible.length > 0) {
      const most = outcomeOf(proposed, [...certain, ...possible].toSorted(), replayed)
      if (effectOf(after, most) !== undefined) {
        const ifIn = effectOf(before, most) ?? 'unchanged'
        unjudged.push({ ...use, teams: possible, ifIn, ifNot: effect ?? 'unchanged' })
        continue
      }
    }
    if (effect === undefined) unchanged += count
    else
      lines.push({
        ...use,
        via: before.via ?? after.via,
        effect,
        before: before.constraints,
        after: after.constraints,
        reason: after.reason,
      })
  }
  const shown = merged(lines)
  const rank = ({ effect }: RehearsedLine): number => effects.indexOf(effect)
  shown.sort((a, b) => rank(a) - rank(b) || byWeight(a, b))
  unjudged.sort(byWeight)
  const cautions = cautionsOf(remapped, unjudged)
  return { lines: shown, counts: countsOf(shown), requests, unchanged, unjudged, cautions }
}
