import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type AuditEvent, eventTime, uuidV7 } from '@gatehouse/audit'
import { authorize, parseAccessDocument, type Principal, seededRandom } from '@gatehouse/authz'
import { temporaryDir } from '@gatehouse/local'
import {
  applyAccess,
  approveDashboard,
  createAuditWriter,
  createDashboard,
  type Pool,
  readSnapshot,
  signIn,
  withOrg,
} from '@gatehouse/store'
import { parse, stringify } from 'yaml'

const issuer = 'https://idp.example.org'
export const weekMs = 7 * 86_400_000

/** Teams of the agency, with the group each comes from and how many people are in it. */
const teams = [
  { uid: 'signals', name: 'Signals', people: 12 },
  { uid: 'roads', name: 'Roads', people: 8 },
  { uid: 'rail', name: 'Rail', people: 6 },
  { uid: 'visitors', name: 'Visitors', people: 10 },
  { uid: 'readers', name: 'Readers', people: 6 },
] as const
const dashboards = ['model-health', 'traffic', 'latency', 'fleet', 'incidents'] as const
const rules = ['High error rate', 'Model drift', 'Queue too long'] as const

const document = {
  apiVersion: 'gatehouse/v1',
  kind: 'Access',
  orgs: [
    {
      uid: 'transport',
      name: 'Transport agency',
      tenants: ['transport'],
      dataSources: ['metrics', 'archive'].map((uid) => ({
        uid,
        name: uid,
        shards: [
          { name: 's', tenants: ['transport'], replicas: [{ name: 'a', url: 'http://127.0.0.1:9090' }] },
        ],
      })),
      folders: [{ uid: 'boards', title: 'Boards' }],
      teams: teams.map(({ uid, name }) => ({ uid, name, idpGroups: [`transport-${uid}`] })),
      serviceAccounts: [{ uid: 'alerting', name: 'Alerting' }],
      grants: [
        { team: 'signals', role: 'ml-engineer' },
        { team: 'roads', role: 'viewer', on: { dataSource: 'metrics' } },
        { team: 'rail', role: 'viewer', constraints: ['{team="rail"}'] },
        { serviceAccount: 'alerting', role: 'viewer' },
      ] as object[],
    },
  ],
}

/** The agency's access file. */
export const currentAccess = stringify(document)
/**
 * A change of it: `roads` loses its data source, `signals` sees production only, `rail` sees everything, `visitors` come in, and `readers`
 * may open the dashboards, which gives them their queries.
 */
export const proposedAccess = stringify({
  ...document,
  orgs: document.orgs.map((org) => ({
    ...org,
    grants: [
      { team: 'signals', role: 'ml-engineer', constraints: ['{env="prod"}'] },
      { team: 'rail', role: 'viewer' },
      { team: 'visitors', role: 'viewer', on: { dataSource: 'metrics' } },
      { team: 'readers', role: 'viewer', on: { folder: 'boards' } },
      { serviceAccount: 'alerting', role: 'viewer' },
    ],
  })),
})

/** What people ask: a query of the dashboard, which is about production only, and one of nobody's dashboard. */
const queries = {
  own: 'sum by (model) (rate(ml_predictions_total{env="prod"}[5m]))',
  other: 'sum by (model, env) (rate(ml_predictions_total{env=~"prod|test",model=~".+"}[5m]))',
} as const

/** The dashboard, approved for the data source `metrics` by the team that made it. */
async function makeDashboard(pool: Pool): Promise<void> {
  const content = {
    title: 'Model health',
    templating: { list: [{ name: 'env', type: 'custom', query: 'prod,test' }] },
    panels: [
      {
        title: 'Predictions',
        targets: [{ expr: 'sum by (model) (rate(ml_predictions_total{env="$env"}[$__rate_interval]))' }],
      },
    ],
  }
  await withOrg(pool, 'transport', async (tx) => {
    const uid = 'model-health'
    const save = { uid, folderUid: 'boards', title: 'Model health', content, message: '', savedBy: 'signals' }
    const { version } = await createDashboard(tx, save)
    const by = { kind: 'team', uid: 'signals' } as const
    await approveDashboard(tx, { uid, version }, { by, dataSources: ['metrics'], constraints: [] })
  })
}

async function makePeople(pool: Pool): Promise<readonly Principal[]> {
  const people: Principal[] = []
  for (const { uid: team, name, people: count } of teams) {
    for (let i = 1; i <= count; i += 1) {
      const subject = `${team}-${i}`
      const identity = { issuer, subject }
      const groups = [`transport-${team}`]
      const user = await signIn(pool, { ...identity, name: `${name} ${i}`, email: undefined, groups })
      if (user === undefined) throw new Error('a new person is disabled')
      const credential = { kind: 'session', id: `s-${subject}` } as const
      people.push({
        kind: 'user',
        uid: user.uid,
        name: `${name} ${i}`,
        orgUid: 'transport',
        teams: [team],
        identity,
        credential,
      })
    }
  }
  return people
}

const alerting: Principal = {
  kind: 'service-account',
  uid: 'alerting',
  name: 'Alerting',
  orgUid: 'transport',
  teams: [],
  identity: undefined,
  credential: { kind: 'token', id: 't-1' },
}

function pick<T>(list: readonly T[], random: () => number): T {
  const chosen = list[Math.floor(random() * list.length)]
  if (chosen === undefined) throw new Error('nothing to pick from')
  return chosen
}

interface Asked {
  readonly who: Principal
  readonly dataSource: string
  readonly query: string
  readonly at: number
  readonly hints: Record<string, string>
}

/** An event as the gateway writes it: decided by the real policy, enforced, planned. */
function eventOf(
  { who, dataSource, query, at, hints }: Asked,
  policy: Parameters<typeof authorize>[0],
): AuditEvent {
  const { orgUid, identity, kind, uid, name, credential } = who
  const resource = { kind: 'data-source', uid: dataSource, orgUid } as const
  const decision = authorize(policy, { principal: who, action: 'datasources:query', resource, now: at })
  const { allowed, policyVersion } = decision
  const selectors = allowed
    ? decision.constraints.alternatives.map(
        (all) => `{${all.map(({ name: n, op, value }) => `${n}${op}"${value}"`).join(',')}}`,
      )
    : []
  return {
    schema: 1,
    id: uuidV7(at, randomUUID()),
    at: eventTime(at),
    code: allowed ? 'Q001I' : 'Q001D',
    requestId: randomUUID(),
    orgUid,
    actor: { kind, uid, name, ...identity, teams: [...who.teams], credential },
    from: { address: '192.0.2.10', userAgent: 'Grafana/12.1.0' },
    action: 'datasources:query',
    resource: { kind: 'data-sources', uid: dataSource },
    request: {
      method: 'POST',
      route: '/prom/{data-source}/api/v1/query_range',
      query,
      start: eventTime(at - 3_600_000),
      end: eventTime(at),
      step: '15',
    },
    enforced: selectors.map((selector) => query.replace('{', `${selector.slice(0, -1)},`)),
    constraints: selectors,
    metrics: ['ml_predictions_total'],
    decision: allowed
      ? { allowed, because: [...decision.because], policyVersion }
      : { allowed, because: [], reason: decision.reason, policyVersion },
    plan: allowed ? { dataSource, shardsAsked: ['s'], shardsAnswered: ['s'], replicas: ['a'] } : null,
    outcome: allowed
      ? { result: 'allowed', httpStatus: 200, bytes: 4_096, durationMs: 12.5 }
      : { result: 'denied', httpStatus: 403, errorCode: 'forbidden', durationMs: 0.4 },
    hints,
  }
}

/** How often somebody asked the data source `metrics`, and `archive`, and how often of that the dashboard's query. */
export interface Asking {
  readonly metrics: number
  readonly archive: number
  readonly ownMetrics: number
  readonly ownArchive: number
}
/** By team, or the alerting account. */
export type Tally = ReadonlyMap<string, Asking>

/**
 * Makes the agency with its people, and `events` requests of theirs over the week before `until` in its audit log, written as the gateway
 * writes them. Returns who asked how often.
 */
export async function writeAuditedWeek(pool: Pool, events: number, until: number): Promise<Tally> {
  await applyAccess(pool, parseAccessDocument(parse(currentAccess)))
  const people = await makePeople(pool)
  await makeDashboard(pool)
  const { policy } = await withOrg(pool, 'transport', readSnapshot)
  const dir = temporaryDir()
  const writer = await createAuditWriter({
    pool,
    dir: join(dir.path, 'spool'),
    writerId: 'week',
    level: 'write',
    maxBytes: 4_000_000_000,
  })
  const random = seededRandom(11)
  const tally = new Map<string, { -readonly [key in keyof Asking]: number }>()
  let pending: Promise<void>[] = []
  for (let i = 0; i < events; i += 1) {
    const at = until - weekMs + Math.floor(((i + 0.5) / events) * weekMs)
    const isAlert = random() < 0.2
    const who = isAlert ? alerting : pick(people, random)
    const dataSource = random() < 0.8 ? 'metrics' : 'archive'
    const hints: Record<string, string> = isAlert
      ? { fromAlert: 'true', ruleName: pick(rules, random) }
      : { dashboardUid: pick(dashboards, random), panelId: '4' }
    const key = who.teams[0] ?? 'alerting'
    const own = tally.get(key) ?? { metrics: 0, archive: 0, ownMetrics: 0, ownArchive: 0 }
    const isOwn = random() < 0.4
    own[dataSource] += 1
    if (isOwn) own[dataSource === 'metrics' ? 'ownMetrics' : 'ownArchive'] += 1
    tally.set(key, own)
    pending.push(
      writer.append(
        eventOf({ who, dataSource, query: isOwn ? queries.own : queries.other, at, hints }, policy),
      ),
    )
    if (pending.length === 500) {
      await Promise.all(pending)
      pending = []
    }
  }
  await Promise.all(pending)
  while ((await countEvents(pool)) < events) await sleep(100)
  await writer.close(60_000)
  dir.remove()
  return tally
}

async function countEvents(pool: Pool): Promise<number> {
  const [row] = await withOrg(pool, 'transport', (tx) =>
    tx.rows<{ events: string }>(
      `select sum(events) as events from audit_counts where org_uid = 'transport' and class = 'query'`,
    ),
  )
  return Number(row?.events ?? 0)
}
