import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { type AuditEvent, type EventCode, eventTime, isDenial, resultOf, uuidV7 } from '@gatehouse/audit'
import { type Decision, maxRecordedReasons, type Principal } from '@gatehouse/authz'
import type { ErrorCode } from '@gatehouse/errors'
import { type DataSource, formatTime } from '@gatehouse/query'
import { constraintTexts } from './access.ts'
import type { Route } from './endpoints.ts'
import { readHints } from './hints.ts'
import type { Plan, PlanStep } from './plan.ts'
import type { Question } from './question.ts'

/** What becomes known of a request on its way. */
export interface Notes {
  route: Route
  question: Question
  principal: Principal
  /** Who sent a request that was refused before anybody was asked for. */
  sender: Principal
  source: DataSource
  decision: Decision
  plan: Plan
  /** How the cache came by the answer. */
  cache: string
  /** Samples that shards read. */
  samples: number
  /** Whether every shard that was to be asked has answered. */
  isComplete: boolean
}

/** A shard and the replica that answered for it. */
export interface Answered {
  readonly shard: string
  readonly replica: string
}

/** How a request ended. */
export interface Ending {
  readonly requestId: string
  readonly address: string | undefined
  /** ms since the epoch. */
  readonly startedAt: number
  readonly elapsedMs: number
  readonly httpStatus: number
  readonly errorCode: ErrorCode | undefined
  /** Length of the answer's body before compression; unknown before a long answer is sent. */
  readonly bytes?: number | undefined
  /** Series in it; undefined where it has none, or where they are not known yet. */
  readonly series?: number | undefined
}

/** Whether the answer came without some of the shards that were asked. */
function isPartial({ plan, isComplete }: Partial<Notes>, answered: readonly Answered[]): boolean {
  if (isComplete !== undefined) return !isComplete
  const shards = new Set(answered.map(({ shard }) => shard))
  return plan?.steps.some(({ shard }) => !shards.has(shard.name)) ?? false
}

function codeOf(
  { notes, answered }: { notes: Partial<Notes>; answered: readonly Answered[] },
  code: ErrorCode | undefined,
): EventCode {
  const { route, principal } = notes
  if (code === 'canceled') return 'Q003W'
  if (route === undefined || code === 'method_not_allowed') return code === 'bad_data' ? 'Q010E' : 'Q007D'
  if (code === 'unauthenticated') return 'Q008D'
  if (code === 'too_many_requests') return 'Q009D'
  // What methods there are is told to anybody.
  if (code === undefined && principal === undefined) return 'Q006I'
  const stem = route.endpoint.auditCode
  if (code === undefined) return isPartial(notes, answered) ? 'Q002W' : `${stem}I`
  if (isDenial(code)) return `${stem}D`
  const isMalformed =
    principal === undefined && code !== 'internal' && code !== 'unavailable' && code !== 'timeout'
  return isMalformed ? 'Q010E' : `${stem}E`
}

function timeFields(times: Readonly<Record<string, number | undefined>>): Record<string, string> {
  const known = Object.entries(times).filter((entry): entry is [string, number] => entry[1] !== undefined)
  return Object.fromEntries(known.map(([name, ms]) => [name, formatTime(ms)]))
}

/** What was asked, as far as the kind of question has it. */
function askedOf(question: Question | undefined): Partial<AuditEvent['request']> {
  if (question === undefined) return {}
  return {
    ...('query' in question ? { query: question.query } : {}),
    ...('label' in question ? { label: question.label } : {}),
    ...('matches' in question ? { matches: [...question.matches] } : {}),
    ...('time' in question ? timeFields({ time: question.time }) : {}),
    ...('lookup' in question ? timeFields({ start: question.lookup.start, end: question.lookup.end }) : {}),
    ...('range' in question
      ? {
          ...timeFields({ start: question.range.start, end: question.range.end }),
          step: String(question.range.step / 1000),
        }
      : {}),
  }
}

/** Of whose shard a state was asked for. */
function detailOf(question: Question | undefined): Pick<AuditEvent, 'detail'> {
  if (question?.kind !== 'status') return {}
  const { page, org, shard, replica } = question
  return { detail: { page, org, shard, replica } }
}

function actorOf(principal: Principal | undefined): AuditEvent['actor'] {
  if (principal === undefined) return null
  const { kind, uid, name, identity, teams, credential } = principal
  return { kind, uid, name, ...identity, teams: [...teams], credential }
}

function decisionOf(decision: Decision | undefined, code: ErrorCode | undefined): AuditEvent['decision'] {
  if (decision === undefined) {
    return { allowed: false, because: [], reason: code ?? 'not decided', policyVersion: '' }
  }
  const { allowed, policyVersion } = decision
  if (decision.allowed)
    return { allowed, because: decision.because.slice(0, maxRecordedReasons), policyVersion }
  return { allowed, because: [], reason: decision.reason, policyVersion }
}

function constraintsOf(decision: Decision | undefined): string[] {
  return decision?.allowed === true ? [...constraintTexts(decision.constraints)] : []
}

/** The requests of a plan; with that to the engine, if that had to stand in. */
function stepsTaken(plan: Plan, answered: readonly Answered[]): readonly PlanStep[] {
  const engine = plan.kind === 'evaluate' ? plan.engine : undefined
  const stoodIn = engine !== undefined && answered.some(({ shard }) => shard === engine.shard.name)
  return stoodIn ? [...plan.steps, engine] : plan.steps
}

function planOf({ source, plan, cache }: Partial<Notes>, answered: readonly Answered[]): AuditEvent['plan'] {
  if (source === undefined || plan === undefined) return null
  return {
    dataSource: source.uid,
    shardsAsked: [...new Set(stepsTaken(plan, answered).map(({ shard }) => shard.name))],
    shardsAnswered: [...new Set(answered.map(({ shard }) => shard))],
    replicas: [...new Set(answered.map(({ replica }) => replica))],
    ...(cache === undefined ? {} : { cache }),
  }
}

function requestOf({ method = '', url = '' }: IncomingMessage, notes: Partial<Notes>): AuditEvent['request'] {
  const { route, question } = notes
  // What is sent to no endpoint is evidence by its path; of an endpoint's path only the data source varies, noted as the resource.
  const path =
    route === undefined
      ? (url.split('?', 1)[0] ?? '')
      : `/${route.endpoint.root ?? 'prom'}/{data-source}${route.endpoint.path}`
  return { method, route: path, ...askedOf(question) }
}

function outcomeOf({
  httpStatus,
  errorCode,
  elapsedMs,
  bytes,
  series,
}: Omit<Ending, 'requestId' | 'address' | 'startedAt'>): AuditEvent['outcome'] {
  return {
    result: resultOf(errorCode),
    httpStatus,
    ...(errorCode === undefined ? {} : { errorCode }),
    ...(series === undefined ? {} : { series }),
    ...(bytes === undefined ? {} : { bytes }),
    durationMs: Math.round(elapsedMs * 1000) / 1000,
  }
}

/** Facts that a request's headers carry and that are only noted. */
function headerFacts({ headers }: IncomingMessage): Pick<AuditEvent, 'traceId' | 'hints'> {
  const { traceparent } = headers
  const traceId = typeof traceparent === 'string' ? /^00-([0-9a-f]{32})-/.exec(traceparent)?.[1] : undefined
  const hints = readHints(headers)
  return { ...(traceId === undefined ? {} : { traceId }), ...(hints === undefined ? {} : { hints }) }
}

/** The audit event of a request to the data plane. */
export function auditEventOf(
  message: IncomingMessage,
  known: { readonly notes: Partial<Notes>; readonly answered: readonly Answered[] },
  ending: Ending,
): AuditEvent {
  const { notes, answered } = known
  const { route, decision, plan } = notes
  const who = notes.principal ?? notes.sender
  const { headers } = message
  const userAgent = headers['user-agent']
  return {
    schema: 1,
    id: uuidV7(ending.startedAt, randomUUID()),
    at: eventTime(ending.startedAt),
    code: codeOf({ notes, answered }, ending.errorCode),
    requestId: ending.requestId,
    orgUid: who?.orgUid ?? null,
    actor: actorOf(who),
    ...detailOf(notes.question),
    from: { address: ending.address ?? '', ...(userAgent === undefined ? {} : { userAgent }) },
    action: route?.endpoint.action ?? 'none',
    resource: route === undefined ? null : { kind: 'data-sources', uid: route.dataSourceUid },
    request: requestOf(message, notes),
    enforced:
      plan === undefined ? [] : [...new Set(stepsTaken(plan, answered).flatMap(({ texts }) => texts))],
    constraints: constraintsOf(decision),
    metrics: [...(plan?.metrics ?? [])],
    decision: decisionOf(decision, ending.errorCode),
    plan: planOf(notes, answered),
    outcome: { ...outcomeOf(ending), ...(notes.samples === undefined ? {} : { samples: notes.samples }) },
    ...headerFacts(message),
  }
}

/** How sending an answer ended. */
export interface Closing extends Pick<Ending, 'bytes' | 'series' | 'elapsedMs' | 'errorCode'> {
  readonly samples: number | undefined
  /** ms since the epoch. */
  readonly now: number
}

/**
 * The event of an answer's end, where that was not known when the answer was recorded, before its first byte: it was too long to be
 * whole by then, or was not taken to its end.
 */
export function closingEventOf(begun: AuditEvent, { now, samples, ...closing }: Closing): AuditEvent {
  const { errorCode } = closing
  const { httpStatus } = begun.outcome
  return {
    ...begun,
    id: uuidV7(now, randomUUID()),
    at: eventTime(now),
    code: errorCode === undefined ? 'Q011I' : errorCode === 'canceled' ? 'Q011W' : 'Q011E',
    outcome: { ...outcomeOf({ ...closing, httpStatus }), ...(samples === undefined ? {} : { samples }) },
    detail: { ...begun.detail, answer: begun.id },
  }
}
