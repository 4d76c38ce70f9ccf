import { canonicalJson, type Sha256 } from './canonical.ts'
import { redact } from './redact.ts'
import type { StoredEvent } from './stored.ts'
import { maybeSecret, unsafeInJson } from './text.ts'

// Below this nothing needs cutting, and most events are below it.
const shortEvent = 8_192

type Decision = StoredEvent['decision']

function orderDecision({ allowed, because, policyVersion, reason }: Decision): Decision {
  return {
    allowed,
    because: because.map(({ grantUid, permission, role, via }) => ({ grantUid, permission, role, via })),
    policyVersion,
    ...(reason === undefined ? {} : { reason }),
  }
}

/** Drops undefined members and puts the rest in canonical order; `JSON.stringify` then prints canonical JSON. */
function inOrder(e: StoredEvent): object {
  const { actor: a, from, outcome: o, plan: p, request: r } = e
  return {
    action: e.action,
    actor: a && {
      credential: { id: a.credential.id, kind: a.credential.kind },
      kind: a.kind,
      ref: a.ref,
      teams: a.teams,
    },
    at: e.at,
    code: e.code,
    constraints: e.constraints,
    decision: orderDecision(e.decision),
    detail: e.detail,
    enforced: e.enforced,
    from: { address: from.address, userAgent: from.userAgent },
    hints: e.hints && sortHints(e.hints),
    id: e.id,
    metrics: e.metrics,
    orgUid: e.orgUid,
    outcome: {
      bytes: o.bytes,
      durationMs: o.durationMs,
      errorCode: o.errorCode,
      httpStatus: o.httpStatus,
      result: o.result,
      samples: o.samples,
      series: o.series,
    },
    plan: p && {
      cache: p.cache,
      dataSource: p.dataSource,
      replicas: p.replicas,
      shardsAnswered: p.shardsAnswered,
      shardsAsked: p.shardsAsked,
    },
    request: {
      end: r.end,
      label: r.label,
      matches: r.matches,
      method: r.method,
      query: r.query,
      route: r.route,
      start: r.start,
      step: r.step,
      time: r.time,
    },
    requestId: e.requestId,
    resource: e.resource && { kind: e.resource.kind, uid: e.resource.uid },
    schema: e.schema,
    traceId: e.traceId,
  }
}

// Integer-like keys would be enumerated first whatever their order.
const integerLike = /^\d/

function sortHints(hints: Readonly<Record<string, string>>): Record<string, string> {
  const keys = Object.keys(hints).sort()
  return Object.fromEntries(keys.map((key) => [key, hints[key] ?? '']))
}

function canPrint({ detail, hints, outcome }: StoredEvent): boolean {
  if (detail !== undefined || !Number.isFinite(outcome.durationMs)) return false
  return hints === undefined || !Object.keys(hints).some((key) => integerLike.test(key))
}

/**
 * The canonical JSON of an event, redacted and bounded (see {@link redact}). Only the schema's members get through. The
 * common event, short and clean, is printed once and tested with two regular expressions; only others are walked.
 */
export function prepareEvent(event: StoredEvent, sha256: Sha256): string {
  const ordered = inOrder(event)
  if (canPrint(event)) {
    const text = JSON.stringify(ordered)
    if (text.length <= shortEvent && !unsafeInJson.test(text) && !maybeSecret.test(text)) return text
  }
  return canonicalJson(redact(ordered, sha256))
}
