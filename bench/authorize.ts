// How long one decision takes for a principal with 1,000 grants: remembered, fresh, and the first of a policy version.
//   npm run bench -- authorize [--json]
import { authorize, type Grant, type OrgPolicy, type Principal, shippedRoles } from '@gatehouse/authz'
import { parseMatchers } from '@gatehouse/promql'

const grantCount = 1_000
const sourceCount = 200

function makePolicy(): OrgPolicy {
  const grants = Array.from({ length: grantCount }, (_, i): Grant => {
    const source = { kind: 'data-source', uid: `ds-${i % sourceCount}` } as const
    return {
      uid: `g-${i}`,
      subject: i % 2 === 0 ? { kind: 'team', uid: `team-${i % 20}` } : { kind: 'user', uid: 'u1' },
      role: 'viewer',
      where: source,
      constraints: [parseMatchers(`{team="t${i % 7}",env="prod"}`)],
      notBefore: undefined,
      expiresAt: undefined,
      reason: '',
    }
  })
  return {
    orgUid: 'org',
    name: 'Org',
    isPlatform: false,
    version: '1',
    tenants: ['org'],
    teams: [],
    members: [],
    serviceAccounts: [],
    folders: [],
    dataSources: Array.from({ length: sourceCount }, (_, i) => ({
      uid: `ds-${i}`,
      name: `${i}`,
      tenantLabel: 'tenant',
    })),
    roles: shippedRoles,
    grants,
    guardrails: [{ uid: 'x', selector: parseMatchers('{pii="true"}'), reason: 'law' }],
  }
}

const principal: Principal = {
  kind: 'user',
  uid: 'u1',
  orgUid: 'org',
  name: 'U',
  teams: Array.from({ length: 20 }, (_, i) => `team-${i}`),
  identity: undefined,
  credential: { kind: 'session', id: '' },
}

function ask(policy: OrgPolicy, source: number): void {
  const resource = { kind: 'data-source', uid: `ds-${source}`, orgUid: 'org' } as const
  const decision = authorize(policy, { principal, action: 'datasources:query', resource, now: 1 })
  if (!decision.allowed) throw new Error(decision.reason)
}

/** Median and 99th percentile of `count` runs, in µs. */
function measure(count: number, run: (i: number) => void): { median: number; p99: number } {
  const times = Array.from({ length: count }, (_, i) => {
    const started = process.hrtime.bigint()
    run(i)
    return Number(process.hrtime.bigint() - started) / 1_000
  }).sort((a, b) => a - b)
  const at = (share: number): number => times[Math.floor(count * share)] ?? Number.NaN
  return { median: at(0.5), p99: at(0.99) }
}

const policy = makePolicy()
const warm = measure(20_000, (i) => ask(policy, i % 50))
const results = {
  remembered: measure(100_000, (i) => ask(policy, i % 50)),
  // Another data source of a principal already known: every one is asked about once.
  fresh: (() => {
    const policies = Array.from({ length: 20 }, makePolicy)
    for (const own of policies) ask(own, 0)
    return measure(policies.length * (sourceCount - 1), (i) => {
      const own = policies[Math.floor(i / (sourceCount - 1))]
      if (own !== undefined) ask(own, 1 + (i % (sourceCount - 1)))
    })
  })(),
  first: (() => {
    const policies = Array.from({ length: 50 }, makePolicy)
    return measure(policies.length, (i) => {
      const own = policies[i]
      if (own !== undefined) ask(own, 0)
    })
  })(),
}
if (process.argv.includes('--json'))
  console.log(JSON.stringify({ grants: grantCount, unit: 'µs', ...results }))
else {
  console.log(
    `one decision, ${grantCount} grants, 20 teams, ${sourceCount} data sources (µs; warm-up median ${warm.median.toFixed(1)})`,
  )
  for (const [name, { median, p99 }] of Object.entries(results))
    console.log(
      `${name.padEnd(12)} median ${median.toFixed(1).padStart(8)}   p99 ${p99.toFixed(1).padStart(8)}`,
    )
}
