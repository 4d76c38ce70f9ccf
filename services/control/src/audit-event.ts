import { type AuditEvent, type EventCode, eventTime, isEventCode, resultOf, uuidV7 } from '@gatehouse/audit'
import { maxRecordedReasons, type Resource } from '@gatehouse/authz'
import { type ErrorCode, errorTable } from '@gatehouse/errors'
import type { Ending, Trail } from '@gatehouse/http'
import { randomUUID } from 'node:crypto'

/** Actions with an event of their own; everything else is a view of the control plane. */
const stems: Readonly<Record<string, string>> = {
  'sign-ins:begin': 'L005',
  'sign-ins:finish': 'L001',
  'sessions:delete': 'L002',
  'sessions:revoke': 'L003',
  'dashboards:create': 'C007',
  'dashboards:write': 'C008',
  'dashboards:move': 'C008',
  'dashboards:approve': 'C008',
  'dashboards:disapprove': 'C008',
  'dashboards:delete': 'C009',
  'rehearsals:create': 'A022',
  'rehearsals:attach': 'A022',
  'provisioning-tokens:create': 'T001',
  'provisioning-tokens:revoke': 'T002',
  'scim-groups:create': 'A007',
  'scim-groups:write': 'A008',
  'scim-groups:delete': 'A009',
  'access-requests:create': 'A023',
  'access-requests:approve': 'A024',
  'access-requests:deny': 'A025',
  'access-requests:withdraw': 'A026',
  'break-glass:open': 'X001',
  'local-admins:sign-in': 'X006',
  'break-glass:close': 'X002',
  'break-glass:review': 'X004',
  'share-links:create': 'A004',
  'share-links:delete': 'A006',
  'public-sharing:write': 'A014',
  'folders:create': 'C004',
  'folders:write': 'C005',
  'folders:delete': 'C006',
  'data-sources:create': 'C001',
  'data-sources:write': 'C002',
  'data-sources:delete': 'C003',
  'tokens:create': 'T001',
  'tokens:revoke': 'T002',
  'tokens:rotate': 'T004',
  'roles:create': 'A001',
  'roles:write': 'A002',
  'roles:delete': 'A003',
  'grants:create': 'A004',
  'grants:delete': 'A006',
  'teams:create': 'A007',
  'teams:write': 'A008',
  'team-members:add': 'A008',
  'team-members:remove': 'A008',
  'teams:delete': 'A009',
  'users:create': 'A010',
  'users:write': 'A011',
  'users:delete': 'A011',
  'orgs:create': 'A013',
  'orgs:write': 'A014',
  'orgs:delete': 'A015',
  'service-accounts:create': 'A016',
  'service-accounts:write': 'A017',
  'service-accounts:delete': 'A018',
  'guardrails:create': 'A019',
  'guardrails:write': 'A019',
  'guardrails:delete': 'A019',
  'query-stops:create': 'A040',
  'query-stops:delete': 'A041',
  'running-queries:cancel': 'A042',
  'audit-events:list': 'E001',
  'audit-events:count': 'E001',
  'audit-events:read': 'E002',
  'audit-events:prove': 'E002',
  'audit-exports:create': 'E003',
  'audit-exports:download': 'E004',
  'audit-exports:cancel': 'E015',
  'audit-verifications:create': 'E014',
  'audit-values:reveal': 'E006',
  'audit-views:create': 'E012',
  'audit-views:write': 'E012',
  'audit-views:delete': 'E012',
  'access:explain': 'V006',
  'access:who': 'V006',
  'access:preview': 'V006',
  'users:explain': 'V006',
  'service-accounts:explain': 'V006',
}

function viewCode(route: string, error: ErrorCode | undefined): EventCode {
  switch (error) {
    case undefined:
      return 'V001I'
    case 'too_many_requests':
      return 'V005D'
    case 'method_not_allowed':
      return 'V002D'
    case 'unauthenticated':
      return 'V003D'
    case 'not_found':
      return route === 'unmatched' ? 'V002D' : 'V001D'
    case 'forbidden':
      return 'V001D'
    default:
      return errorTable[error].status < 500 ? 'V004E' : 'V001E'
  }
}

function codeOf(trail: Trail, error: ErrorCode | undefined): EventCode {
  const stem = stems[trail.action]
  const severity = { allowed: 'I', denied: 'D', failed: 'E' }[resultOf(error)]
  for (const code of [`${stem}${severity}`, `${stem}E`]) if (isEventCode(code)) return code
  return viewCode(trail.route, error)
}

function actorOf({ actor }: Trail): AuditEvent['actor'] {
  if (actor === undefined) return null
  const { kind, uid, name, teams, credential, identity } = actor
  return { kind, uid, name, teams: [...teams], credential: { ...credential }, ...identity }
}

function decisionOf({ decision }: Trail, ending: Ending): AuditEvent['decision'] {
  if (decision === undefined) {
    const allowed = ending.errorCode === undefined
    const reason = ending.reason ?? ending.errorCode
    return { allowed, because: [], policyVersion: '', ...(reason === undefined ? {} : { reason }) }
  }
  const { allowed, policyVersion } = decision
  if (!decision.allowed) return { allowed, because: [], reason: decision.reason, policyVersion }
  return {
    allowed,
    because: decision.because.slice(0, maxRecordedReasons).map((link) => ({ ...link })),
    policyVersion,
  }
}

/** Resources are called as in API paths, in every event. */
function nounOf({ kind }: Resource): string {
  return kind === 'audit-log' ? kind : `${kind}s`
}

/** What is known besides, and which thing the path names: often more precisely than the resource that decided. */
function detailOf({ params = {}, detail }: Trail): AuditEvent['detail'] {
  const path = Object.keys(params).length === 0 ? {} : { path: { ...params } }
  const all = { ...path, ...detail }
  return Object.keys(all).length === 0 ? undefined : all
}

/** The audit event of one request to the control plane. */
export function auditEventOf(trail: Trail, ending: Ending, now: number): AuditEvent {
  const { requestId, method, action, address, userAgent, resource } = trail
  const detail = detailOf(trail)
  return {
    schema: 1,
    id: uuidV7(now, randomUUID()),
    at: eventTime(now),
    code: codeOf(trail, ending.errorCode),
    requestId,
    orgUid: trail.orgUid,
    actor: actorOf(trail),
    from: { address, ...(userAgent === undefined ? {} : { userAgent }) },
    action,
    resource: resource === undefined ? null : { kind: nounOf(resource), uid: resource.uid },
    request: { method, route: trail.route === 'unmatched' ? trail.path : trail.route },
    enforced: [],
    constraints: [],
    metrics: [],
    decision: decisionOf(trail, ending),
    plan: null,
    outcome: {
      result: resultOf(ending.errorCode),
      httpStatus: ending.status,
      durationMs: Math.max(0, now - trail.startedAt),
      ...(ending.errorCode === undefined ? {} : { errorCode: ending.errorCode }),
    },
    ...(detail === undefined ? {} : { detail }),
  }
}
