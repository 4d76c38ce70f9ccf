import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AuditEvent } from '@gatehouse/audit'
import { GatehouseError, isGatehouseError, toGatehouseError } from '@gatehouse/errors'
import type { Logger } from '@gatehouse/telemetry'
import { type Answer, discard, failure, statusOf, tailOf, wholeBody } from './answer.ts'
import { closingEventOf } from './audit-event.ts'
import { type Budget, createBudget } from './budget.ts'
import { countSeries, createSeriesCounter } from './count-series.ts'
import { methodsAt } from './endpoints.ts'
import { type GatewayMetrics, unknownEndpoint } from './metrics.ts'
import { answer, type Deps } from './pipeline.ts'
import { readRequest, type RequestLimits } from './request.ts'
import type { QueryReader } from './cached/read-query.ts'
import type { Sent } from './delivery.ts'
import { readHints } from './hints.ts'
import { factOf } from './statistics/fact.ts'
import type { Statistics } from './statistics/collect.ts'
import { respond } from './respond.ts'
import { settle } from './settle.ts'
import { createTrail, type Trail } from './trail.ts'

/** What handling a request needs. */
export interface HandlerDeps {
  readonly pipeline: Deps
  readonly audit: { append(event: AuditEvent): Promise<void> }
  readonly metrics: GatewayMetrics
  readonly log: Logger
  readonly limits: RequestLimits & {
    /** Longest time one request may take, ms. */
    readonly deadline: number
    readonly maxResponseBytes: number
    readonly idleTimeout: number
  }
  readonly statistics: Pick<Statistics, 'note'>
  readonly read: QueryReader
  /** Whether the process is draining: connections end with their next answer. */
  readonly isDraining: () => boolean
  /** Whether there is more to do than can be done. */
  readonly isOverloaded: () => boolean
  /** The client's address, as far as it can be believed. */
  readonly addressOf: (message: IncomingMessage) => string | undefined
}

/** An answer with the error it tells of, if any. */
interface Outcome {
  readonly answer: Answer
  readonly error: GatehouseError | undefined
}

/** An answer whose event is written. */
interface Recorded extends Outcome {
  /** Undefined if there was no room for it. */
  readonly event: AuditEvent | undefined
  /** Whether the answer is there whole, so that its event tells its length. */
  readonly isWhole: boolean
}

/** How an answer was sent, and what dashboard it is said to be for. */
interface Accounted extends Sent {
  readonly dashboardUid: string | undefined
}

function refuse(error: GatehouseError, trail: Trail, method: string | undefined): Outcome {
  const answer = failure(error, trail.requestId)
  if (error.code !== 'method_not_allowed' || trail.endpoint === undefined) return { answer, error }
  const allow = methodsAt(trail.endpoint).join(', ')
  if (method !== 'OPTIONS') return { answer: { ...answer, headers: { allow } }, error }
  // As Prometheus does; without its CORS headers: no page of another origin may ask.
  const headers = { allow: `${allow}, OPTIONS` }
  return { answer: { kind: 'body', rendered: { status: 204, headers, body: '' } }, error: undefined }
}

function logFailure(log: Logger, trail: Trail, error: GatehouseError): void {
  const fields = { requestId: trail.requestId, errorCode: error.code, detail: error.detail }
  if (error.code === 'internal') log.error(fields, error.message)
  else if (error.status >= 500) log.warn(fields, error.message)
  else log.debug(fields, error.message)
}

/** Whether `Accept-Encoding` names gzip and does not rule it out. */
function acceptsGzip(header: string | string[] | undefined): boolean {
  return typeof header === 'string' && /(^|[\s,])gzip\s*(;\s*q=(1|0?\.\d*[1-9])|,|$)/i.test(header)
}

/** Creates the handler of data-plane requests: read, answer, audit, respond, in this order and each exactly once; of a long answer the end is recorded, too. */
export function createHandler(deps: HandlerDeps) {
  const { pipeline, audit, metrics, log, limits } = deps

  /** A request that is refused before the pipeline asks for credentials may carry good ones: the evidence names their owner. */
  const attribute = async (message: IncomingMessage, trail: Trail, error: GatehouseError): Promise<void> => {
    if (trail.isAttributed || error.code === 'unauthenticated') return
    const sender = await pipeline.authenticate(message.rawHeaders, trail.address).catch(() => undefined)
    if (sender !== undefined) trail.note('sender', sender)
  }

  const decide = async (message: IncomingMessage, trail: Trail, budget: Budget): Promise<Outcome> => {
    try {
      if (deps.isOverloaded())
        throw new GatehouseError('unavailable', 'the gateway is overloaded', { retryAfter: 1 })
      const request = await readRequest(message, limits, trail)
      return { answer: await settle(await answer(request, pipeline, { trail, budget })), error: undefined }
    } catch (thrown) {
      const error = toGatehouseError(thrown)
      logFailure(log, trail, error)
      await attribute(message, trail, error)
      return refuse(error, trail, message.method)
    }
  }

  /** Writes the audit event; without it no answer leaves. */
  const record = async (outcome: Outcome, trail: Trail): Promise<Recorded> => {
    try {
      const { answer, error } = outcome
      const body = wholeBody(answer)
      const series =
        error === undefined && body !== undefined ? countSeries(trail.notes.question?.kind, body) : undefined
      const bytes = body === undefined ? undefined : body.length + tailOf(answer).length
      const ending = { httpStatus: statusOf(answer), errorCode: error?.code, bytes, series }
      const event = trail.toEvent(ending)
      await audit.append(event)
      return { ...outcome, event, isWhole: body !== undefined }
    } catch (thrown) {
      const cause = toGatehouseError(thrown)
      const error =
        cause.code === 'audit_unavailable'
          ? cause
          : new GatehouseError('audit_unavailable', 'the audit log is unavailable', { cause, retryAfter: 1 })
      discard(outcome.answer, error)
      metrics.auditFailed()
      log.error({ requestId: trail.requestId, detail: cause.detail }, 'audit event could not be written')
      return { answer: failure(error, trail.requestId), error, event: undefined, isWhole: true }
    }
  }

  /** Records how an answer ended where its event could not tell: it left before. */
  const close = async (
    { event, isWhole, error }: Recorded,
    trail: Trail,
    sent: Sent & { series: number | undefined },
  ) => {
    if (event === undefined || error !== undefined) return
    if (sent.error === undefined && isWhole) return
    const errorCode =
      sent.error === undefined ? undefined : isGatehouseError(sent.error) ? sent.error.code : 'bad_gateway'
    const { bytes, series } = sent
    const { samples } = trail.notes
    const closing = { bytes, series, samples, errorCode, elapsedMs: trail.elapsedMs(), now: Date.now() }
    await audit.append(closingEventOf(event, closing)).catch((thrown: unknown) => {
      metrics.auditFailed()
      log.error(
        { requestId: trail.requestId, detail: String(thrown) },
        'the end of an answer could not be recorded',
      )
    })
  }

  const account = (trail: Trail, outcome: Outcome, { bytes, error, dashboardUid }: Accounted): void => {
    const endpoint = trail.endpoint?.name ?? unknownEndpoint
    const status = statusOf(outcome.answer)
    const ms = trail.elapsedMs()
    const isBroken = error !== undefined
    metrics.end({ endpoint, status, seconds: ms / 1000, bytes, isBroken })
    const { requestId, startedAt } = trail
    const ended = {
      requestId,
      startedAt,
      seconds: ms / 1000,
      bytes,
      hasFailed: isBroken || status >= 400,
      dashboardUid,
    }
    const fact = factOf(trail.notes, ended, deps.read)
    if (fact !== undefined) deps.statistics.note(fact)
    if (!isBroken && !log.isLevelEnabled('debug')) return
    const fields = { requestId: trail.requestId, endpoint, status, bytes, ms: Math.round(ms * 10) / 10 }
    if (isBroken) log.warn({ ...fields, reason: error.message }, 'answer broke off')
    else log.debug(fields, 'answered')
  }

  return async (message: IncomingMessage, res: ServerResponse): Promise<void> => {
    const trail = createTrail(message, deps.addressOf(message))
    const budget = createBudget(limits.deadline)
    metrics.begin()
    res.once('close', () => {
      if (!res.writableFinished) budget.cancel(new GatehouseError('canceled', 'the client went away'))
    })
    const outcome = await record(await decide(message, trail, budget), trail)
    const counter = outcome.isWhole ? undefined : createSeriesCounter(trail.notes.question?.kind)
    const { maxResponseBytes, idleTimeout } = limits
    // A request that was not read to its end would be taken for the next one on its connection.
    const isLast = deps.isDraining() || !message.complete
    const { requestId } = trail
    const sent = await respond(res, outcome.answer, {
      requestId,
      maxResponseBytes,
      idleTimeout,
      isLast,
      acceptsGzip: acceptsGzip(message.headers['accept-encoding']),
      counter,
      signal: budget.signal,
    }).catch((error: unknown): Sent => {
      res.destroy()
      return { bytes: 0, error: toGatehouseError(error) }
    })
    budget.end()
    const { answer: sentAnswer } = outcome
    const samples = sentAnswer.kind === 'stream' ? sentAnswer.samples?.() : undefined
    if (samples !== undefined) trail.note('samples', samples)
    await close(outcome, trail, { ...sent, series: sent.error === undefined ? counter?.count : undefined })
    account(trail, outcome, { ...sent, dashboardUid: readHints(message.headers)?.['dashboardUid'] })
  }
}
