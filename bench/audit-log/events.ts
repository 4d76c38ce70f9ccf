import { type AuditEvent, type EventCode, eventTime, uuidV7 } from '@gatehouse/audit'
import { sampleEvent } from '@gatehouse/audit/sample'

/** A repeatable stream of numbers in [0, 1). */
export function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state / 2_147_483_648
  }
}

const codes: readonly (readonly [code: EventCode, share: number, action: string])[] = [
  ['Q001I', 0.86, 'datasources:query'],
  ['Q004I', 0.08, 'datasources:query'],
  ['Q001D', 0.03, 'datasources:query'],
  ['Q001E', 0.01, 'datasources:query'],
  ['L001I', 0.01, 'sign-ins:finish'],
  ['A004I', 0.005, 'grants:create'],
  ['T001I', 0.005, 'tokens:create'],
]

function pickCode(share: number): readonly [code: EventCode, action: string] {
  let left = share
  for (const [code, part, action] of codes) {
    left -= part
    if (left < 0) return [code, action]
  }
  return ['Q001I', 'datasources:query']
}

const resultOf = (code: EventCode): AuditEvent['outcome']['result'] =>
  code.endsWith('D') ? 'denied' : code.endsWith('E') ? 'failed' : 'allowed'

/** Few of many: the first names come most often, as with dashboards and metrics. */
const skewed = (share: number, count: number): number => Math.floor(count * share ** 3)

export const spanMs = 180 * 86_400_000
export const names = {
  org: (r: number) => `org-${Math.floor(r * 5)}`,
  user: (r: number) => `u-${skewed(r, 200)}`,
  metric: (r: number) => `ml_metric_${skewed(r, 400)}_total`,
  dashboard: (r: number) => `dash-${skewed(r, 500)}`,
  token: (r: number) => `t-${skewed(r, 100)}`,
  dataSource: (r: number) => `metrics-${Math.floor(r * 4)}`,
  address: (r: number) => `198.51.${Math.floor(r * 20)}.${skewed(r * 20 - Math.floor(r * 20), 250)}`,
  action: (r: number) => codes[Math.floor(r * codes.length)]?.[2] ?? 'datasources:query',
}

/** Event `i` of `count`, spread over half a year that ends at `until` (ms since the epoch). */
export function makeEvent(
  random: () => number,
  i: number,
  { count, until }: { count: number; until: number },
): AuditEvent {
  const at = until - spanMs + (i / count) * spanMs + random() * 1_000
  const base = sampleEvent(i)
  const [code, action] = pickCode(random())
  const user = names.user(random())
  const metric = names.metric(random())
  const orgUid = names.org(random())
  const query = `sum by (model) (rate(${metric}{env="prod",job="job-${Math.floor(random() * 50)}"}[5m]))`
  const isToken = random() < 0.2
  return {
    ...base,
    id: uuidV7(at, `00000000-0000-4000-8000-${(i % 2 ** 40).toString(16).padStart(12, '0')}`),
    at: eventTime(at),
    code,
    action,
    requestId: `r-${i.toString(36)}`,
    orgUid,
    actor: base.actor && {
      ...base.actor,
      kind: isToken ? 'service-account' : 'user',
      uid: user,
      name: `Person ${user}`,
      subject: user,
      credential: isToken
        ? { kind: 'token', id: names.token(random()) }
        : { kind: 'session', id: `s-${user}` },
    },
    from: { ...base.from, address: names.address(random()) },
    request: {
      method: 'POST',
      route: 'query_range',
      query,
      start: '1750000000',
      end: '1750003600',
      step: '15',
    },
    enforced: [query.replace('{', `{tenant="${orgUid}",`)],
    metrics: [metric],
    plan: base.plan && { ...base.plan, dataSource: names.dataSource(random()) },
    outcome: { ...base.outcome, result: resultOf(code), durationMs: Math.round(random() * 50_000) / 100 },
    hints: { dashboardUid: names.dashboard(random()), panelId: '4' },
  }
}
