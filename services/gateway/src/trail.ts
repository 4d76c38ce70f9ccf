import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { type AuditEvent, type EventCode, eventTime, uuidV7 } from '@gatehouse/audit'
import type { Decision, Principal } from '@gatehouse/authz'
import type { ErrorCode } from '@gatehouse/errors'
import { constraintSelector, type DataSource, formatTime, printEnforced } from '@gatehouse/query'
import { requestIdFrom } from '@gatehouse/telemetry'
import type { Route } from './endpoints.ts'
import { readHints } from './hints.ts'
import type { Plan } from './plan.ts'
import type { Question } from './question.ts'

/** What is known of a request so far. */
interface Notes {
  route: Route
  question: Question
  principal: Principal
  source: DataSource
  decision: Decision
  plan: Plan
}

/** How a request ended. */
export interface Ending {
  readonly httpStatus: number
  readonly errorCode: ErrorCode | undefined
}

/** The evidence of one request, gathered on its way; becomes exactly one audit event. */
export interface Trail {
  readonly requestId: string
  /** ms since the epoch. */
  readonly startedAt: number
  readonly endpoint: Route['endpoint'] | undefined
  /** Notes a fact and hands it on. */
  note<K extends keyof Notes>(key: K, value: Notes[K]): Notes[K]
  /** Notes which replica answered for a shard. */
  answered(shard: string, replica: string): void
  elapsedMs(): number
  toEvent(ending: Ending): AuditEvent
}

/** Codes that say who asks is not entitled; the others say that it did not work. */
const denials: ReadonlySet<ErrorCode> = new Set([
  'unauthenticated',
  'forbidden',
  'not_found',
  'method_not_allowed',
  'too_many_requests',
])

function resultOf(code: ErrorCode | undefined): AuditEvent['outcome']['result'] {
  if (code === undefined) return 'allowed'
  return denials.has(code) ? 'denied' : 'failed'
}

function codeOf({ route, principal }: Partial<Notes>, code: ErrorCode | undefined): EventCode {
  if (code === 'canceled') return 'Q003W'
  if (route === undefined || code === 'method_not_allowed') return code === 'bad_data' ? 'Q010E' : 'Q007D'
  if (code === 'unauthenticated') return 'Q008D'
  if (code === 'too_many_requests') return 'Q009D'
  const stem = route.endpoint.auditCode
  if (code === undefined) return `${stem}I`
  if (denials.has(code)) return `${stem}D`
  const isMalformed =
    principal === undefined && code !== 'internal' && code !== 'unavailable' && code !== 'timeout'
  return isMalformed ? 'Q010E' : `${stem}E`
}

function timesOf(question: Question | undefined): Partial<AuditEvent['request']> {
  if (question === undefined || question.kind === 'buildinfo') return {}
  if (question.kind === 'query') return { query: question.query, time: formatTime(question.time) }
  if (question.kind === 'query_range') {
    const { start, end, step } = question.range
    return {
      query: question.query,
      start: formatTime(start),
      end: formatTime(end),
      step: String(step / 1000),
    }
  }
  const { start, end } = question.lookup
  return {
    matches: [...question.matches],
    ...(start === undefined ? {} : { start: formatTime(start) }),
    ...(end === undefined ? {} : { end: formatTime(end) }),
  }
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
  if (decision.allowed) return { allowed, because: [...decision.because], policyVersion }
  return { allowed, because: [], reason: decision.reason, policyVersion }
}

function constraintsOf(decision: Decision | undefined): string[] {
  if (decision === undefined || !decision.allowed) return []
  return decision.constraints.alternatives.map((alternative) =>
    printEnforced(constraintSelector(alternative)),
  )
}

/** Starts the trail of a request. */
export function createTrail(message: IncomingMessage): Trail {
  const startedAt = Date.now()
  const started = performance.now()
  const requestId = requestIdFrom(message.headers['x-request-id'])
  const notes: Partial<Notes> = {}
  const answered: { shard: string; replica: string }[] = []
  const elapsedMs = (): number => performance.now() - started

  const planOf = (): AuditEvent['plan'] => {
    const { source, plan } = notes
    if (source === undefined || plan === undefined) return null
    return {
      dataSource: source.uid,
      shardsAsked: [...new Set(plan.steps.map(({ shard }) => shard.name))],
      shardsAnswered: [...new Set(answered.map(({ shard }) => shard))],
      replicas: [...new Set(answered.map(({ replica }) => replica))],
    }
  }

  return {
    requestId,
    startedAt,
    get endpoint() {
      return notes.route?.endpoint
    },
    note(key, value) {
      notes[key] = value
      return value
    },
    answered: (shard, replica) => answered.push({ shard, replica }),
    elapsedMs,
    toEvent({ httpStatus, errorCode }) {
      const { route, question, principal, decision, plan } = notes
      const { method = '', url = '', headers, socket } = message
      const userAgent = headers['user-agent']
      const hints = readHints(headers)
      return {
        schema: 1,
        id: uuidV7(startedAt, randomUUID()),
        at: eventTime(startedAt),
        code: codeOf(notes, errorCode),
        requestId,
        orgUid: principal?.orgUid ?? null,
        actor: actorOf(principal),
        from: { address: socket.remoteAddress ?? '', ...(userAgent === undefined ? {} : { userAgent }) },
        action: route?.endpoint.action ?? 'none',
        resource: route === undefined ? null : { kind: 'data-sources', uid: route.dataSourceUid },
        request: {
          method,
          route:
            route === undefined ? (url.split('?', 1)[0] ?? '') : `/prom/{data-source}${route.endpoint.path}`,
          ...timesOf(question),
        },
        enforced: [...new Set(plan?.steps.flatMap(({ texts }) => texts) ?? [])],
        constraints: constraintsOf(decision),
        metrics: [...(plan?.metrics ?? [])],
        decision: decisionOf(decision, errorCode),
        plan: planOf(),
        outcome: {
          result: resultOf(errorCode),
          httpStatus,
          ...(errorCode === undefined ? {} : { errorCode }),
          durationMs: Math.round(elapsedMs() * 1000) / 1000,
        },
        ...(hints === undefined ? {} : { hints }),
      }
    },
  }
}
