import {
  type AccessQuestion,
  type ApprovedDashboard,
  authorize,
  type Because,
  type Constraints,
  type Decision,
  type OrgPolicy,
} from '@gatehouse/authz'
import { GatehouseError } from '@gatehouse/errors'
import { type DataSource, unitedBy } from '@gatehouse/query'
import type { DecideByCapability, Given } from './capability.ts'
import { combineSources, everySource } from './every-source.ts'
import type { Question } from './question.ts'
import type { PrometheusRequest } from './request.ts'
import type { Trail } from './trail.ts'

/** An org's access settings and data sources, of one version. */
export interface OrgState {
  readonly policy: OrgPolicy
  readonly dataSources: ReadonlyMap<string, DataSource>
  /** Uids of data sources that are not in `dataSources`, as another org reaches their servers through another tenant label. */
  readonly contested: ReadonlySet<string>
  readonly dashboards: readonly ApprovedDashboard[]
}

/** A request of somebody known, before it is decided on. */
interface Reaching {
  readonly state: OrgState
  readonly asked: Omit<AccessQuestion, 'resource'>
  readonly req: PrometheusRequest
  readonly byCapability: DecideByCapability
  /** Where people ask for access: the console. */
  readonly consoleUrl: string
}

/** What a request reaches: a data source, and what of it. */
export interface Reached {
  readonly source: DataSource
  readonly constraints: Constraints
  readonly because: readonly Because[]
  /** What admits the alerts that stand in rules: those who may list rules need not see alerts. Undefined if none may be seen. */
  readonly alerts: Constraints | undefined
  /** What is answered: the request, or as much of it as a dashboard gives. */
  readonly req: PrometheusRequest
  /** Where series are asked for and only the values of this label are given, as series of their own. */
  readonly seriesOf: string | undefined
}

/** Fails closed: which org such a server's series belong to is not for a gateway to guess. */
function refuseContested({ contested }: OrgState, uid?: string): void {
  if (uid === undefined ? contested.size === 0 : !contested.has(uid)) return
  throw new GatehouseError(
    'unavailable',
    'another org reaches a server of this data source through another tenant label',
    {
      detail: `contested: ${[...contested].join()}`,
    },
  )
}

function findDataSource(state: OrgState, uid: string): DataSource {
  refuseContested(state, uid)
  const source = state.dataSources.get(uid)
  // The same answer for another org's data source as for none.
  if (source === undefined) throw new GatehouseError('not_found', 'there is no such data source')
  return source
}

function resourceOf({ uid, orgUid }: DataSource) {
  return { kind: 'data-source', uid, orgUid } as const
}

/** What somebody who was refused can do about it. */
function remedy({ asked: { principal }, req, consoleUrl }: Reaching): string {
  if (principal.kind !== 'user') return 'an admin of the org can grant it'
  const on = req.dataSourceUid === everySource ? '' : `&on=data-source:${req.dataSourceUid}`
  return `to ask for access: ${new URL('/access/ask', consoleUrl).href}?role=viewer${on}`
}

function admitted(decision: Decision, reaching: Reaching): Pick<Reached, 'constraints' | 'because'> {
  if (!decision.allowed)
    throw new GatehouseError('forbidden', `not allowed: ${decision.reason}; ${remedy(reaching)}`)
  if (decision.constraints.alternatives.length === 0)
    throw new GatehouseError('forbidden', 'not allowed: the grants admit no series')
  const { constraints, because } = decision
  return { constraints, because }
}

const showsAlerts = 'alert.instances:read'

function reachOne(reaching: Reaching, trail: Trail): Reached {
  const { state, asked, req, byCapability } = reaching
  const { policy, dashboards } = state
  const { question, rawHeaders } = req
  const source = trail.note('source', findDataSource(state, req.dataSourceUid))
  const whole = { ...asked, resource: resourceOf(source) }
  const byGrants = authorize(policy, whole)
  const given = byGrants.allowed
    ? undefined
    : byCapability(whole, { policy, dashboards, question, rawHeaders })
  const allowed = admitted(trail.note('decision', given?.decision ?? byGrants), reaching)
  const answered = given === undefined ? req : { ...req, question: given.question }
  const found = { source, ...allowed, req: answered, seriesOf: given?.seriesOf }
  if (question.kind !== 'rules') return { ...found, alerts: undefined }
  const onAlerts = authorize(policy, { ...whole, action: showsAlerts })
  return { ...found, alerts: onAlerts.allowed ? onAlerts.constraints : undefined }
}

/** What dashboards give of all data sources together, where no grant gives anything: only if they all give the same. */
function everyByDashboards({ state, asked, req, byCapability }: Reaching) {
  const { policy, dashboards } = state
  const { question, rawHeaders } = req
  const given: Given[] = []
  const combined = combineSources(state, (source) => {
    const whole = { ...asked, resource: resourceOf(source) }
    const one = byCapability(whole, { policy, dashboards, question, rawHeaders })
    if (one !== undefined) given.push(one)
    return one?.decision ?? authorize(policy, whole)
  })
  const [first] = given
  const keyOf = (one: Given): string => JSON.stringify([one.question, one.seriesOf])
  const isSame = first !== undefined && given.every((one) => keyOf(one) === keyOf(first))
  return isSame ? { combined, first } : undefined
}

/** Refuses what counts series that may be in two data sources. */
function checkApart(question: Question, conflict: string | undefined): void {
  const { kind } = question
  const countsSeries = kind === 'explain' || kind === 'query' || kind === 'query_range' || kind === 'federate'
  if (conflict !== undefined && countsSeries) throw new GatehouseError('execution', conflict)
}

function reachEvery(reaching: Reaching, trail: Trail): Reached {
  const { state, asked, req } = reaching
  const { policy, dataSources } = state
  refuseContested(state)
  const combined = (action: AccessQuestion['action']) =>
    combineSources(state, (source) => authorize(policy, { ...asked, action, resource: resourceOf(source) }))
  if (dataSources.size === 0) throw new GatehouseError('not_found', 'there is no such data source')
  const byGrants = combined(asked.action)
  const given = byGrants.decision.allowed ? undefined : everyByDashboards(reaching)
  const { source, decision, conflict } = given?.combined ?? byGrants
  trail.note('source', source)
  const allowed = admitted(trail.note('decision', decision), reaching)
  const { question = req.question, seriesOf } = given?.first ?? {}
  const found = { source, ...allowed, req: { ...req, question }, seriesOf }
  checkApart(question, conflict)
  if (question.kind !== 'rules') return { ...found, alerts: undefined }
  const onAlerts = combined(showsAlerts)
  const isSame =
    onAlerts.decision.allowed && unitedBy(onAlerts.source).join(' ') === unitedBy(source).join(' ')
  return {
    ...found,
    alerts: isSame ? admitted(onAlerts.decision, reaching).constraints : undefined,
  }
}

/**
 * Finds the data source of a request and decides what of it its caller may see, by grants or by dashboards; for `all` on any data
 * source of the org.
 * @throws GatehouseError `not_found`, `forbidden`; `execution` where data sources cannot be read as one exactly.
 */
export function reach(reaching: Reaching, trail: Trail): Reached {
  return reaching.req.dataSourceUid === everySource ? reachEvery(reaching, trail) : reachOne(reaching, trail)
}
