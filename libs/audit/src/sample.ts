import type { AuditEvent } from './event.ts'
import { eventTime, uuidV7 } from './time.ts'

/** An ordinary query event with `change` over it; number `n` gives its id and time. */
export function sampleEvent(n = 1, change: Partial<AuditEvent> = {}): AuditEvent {
  const at = 1_750_000_000_000 + n
  const id = uuidV7(at, `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`)
  return {
    schema: 1,
    id,
    at: eventTime(at),
    code: 'Q001I',
    requestId: `r-${n}`,
    traceId: '0af7651916cd43dd8448eb211c80319c',
    orgUid: 'transport',
    actor: {
      kind: 'user',
      uid: 'u-ada',
      name: 'Ada Lovelace',
      issuer: 'http://idp.example',
      subject: 'ada',
      teams: ['ml-a'],
      credential: { kind: 'session', id: 's-1' },
    },
    from: { address: '192.0.2.7', userAgent: 'Grafana/12.0.0' },
    action: 'datasources:query',
    resource: { kind: 'data-sources', uid: 'metrics' },
    request: {
      method: 'POST',
      route: 'query',
      query: 'sum(rate(ml_predictions_total[5m]))',
      time: '1750000000',
    },
    enforced: ['sum(rate(ml_predictions_total{tenant="transport"}[5m]))'],
    constraints: ['{tenant="transport"}'],
    metrics: ['ml_predictions_total'],
    decision: {
      allowed: true,
      because: [{ grantUid: 'g-1', role: 'fixed:reader', via: 'team:ml-a', permission: 'datasources:query' }],
      policyVersion: 'v12',
    },
    plan: {
      dataSource: 'metrics',
      shardsAsked: ['s1'],
      shardsAnswered: ['s1'],
      replicas: ['s1-a'],
      cache: 'miss',
    },
    outcome: { result: 'allowed', httpStatus: 200, series: 1, samples: 1, bytes: 120, durationMs: 1.25 },
    hints: { panelId: '4', dashboardUid: 'abc' },
    ...change,
  }
}
