import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryDir } from '@gatehouse/local'
import { approveDashboard, createDashboard, withOrg } from '@gatehouse/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { type GatewayWorld, startGatewayWorld } from '../support/gateway-world.ts'

const accessOf = (role: string, extra = ''): string => `apiVersion: gatehouse/v1
kind: Access
orgs:
  - uid: health
    name: Health
    tenants: [health]
    teams: [{ uid: triage, name: Triage, members: [{ issuer: 'https://idp.example.org', subject: ann }] }]
    serviceAccounts: [{ uid: ci, name: CI }, { uid: ci-of-every-model-in-production-and-test, name: CI, team: triage }]
    dataSources:
      - { uid: metrics, name: Metrics, shards: [{ name: s, tenants: [health], replicas: [{ name: r, url: 'http://127.0.0.1:9' }] }] }
    grants:
      - { uid: g-triage, team: triage, role: ${role} }
      - { uid: g-ci, serviceAccount: ci, role: viewer, constraints: ['{env="prod"}'] }${extra}
`

let world: GatewayWorld
const dir = temporaryDir()
const file = (name: string, text: string): string => {
  const path = join(dir.path, name)
  writeFileSync(path, text)
  return path
}

beforeAll(async () => {
  world = await startGatewayWorld({ access: accessOf('viewer') })
  const { database, gateway, audit } = world.config
  file(
    'config.yaml',
    JSON.stringify({
      database,
      gateway: { listenAddress: gateway.listenAddress, externalUrl: 'https://gw.example.org' },
      audit: { spoolDir: audit.spoolDir },
    }),
  )
})
afterAll(async () => {
  await world.close()
  dir.remove()
})

interface Run {
  readonly code: number
  readonly out: string
  readonly err: string
}

function gatehouse(...args: readonly string[]): Promise<Run> {
  const main = join(import.meta.dirname, '../../services/cli/src/main.ts')
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { timeout: 60_000 }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err })
    })
  })
}
const config = (): string => `--config.file=${join(dir.path, 'config.yaml')}`

describe('gatehouse policy', () => {
  it('checks files, fault by fault', async () => {
    const good = await gatehouse('policy', 'check', file('good.yaml', accessOf('editor')))
    expect([good.code, good.out]).toEqual([0, 'valid: 1 orgs, 2 grants\n'])
    const bad = await gatehouse('policy', 'check', file('bad.yaml', accessOf('nothing')))
    expect([bad.code, bad.err]).toEqual([1, expect.stringContaining('there is no role nothing')])
    expect((await gatehouse('policy', 'check', join(dir.path, 'none.yaml'))).code).toBe(2)
  })

  it('plans in people and data sources, applies with an event, and then has nothing to change', async () => {
    const same = await gatehouse('policy', 'plan', file('same.yaml', accessOf('viewer')), config())
    expect([same.code, same.out]).toEqual([0, 'nothing to change\n'])
    const wanted = file('wanted.yaml', accessOf('editor').replace('env="prod"', 'env="test"'))
    const plan = await gatehouse('policy', 'plan', wanted, config())
    expect(plan.code).toBe(1)
    expect(plan.out).toContain('~ health grants g-triage')
    expect(plan.out).toMatch(/ann \[user u-[^\]]+\]\n(.*\n)*? {4}\+ dashboards:write/)
    expect(plan.out).toMatch(/CI \[service-account ci\]\n {4}metrics: changed series, .*prod.* → .*test/)
    expect((await gatehouse('policy', 'plan', wanted, config())).code).toBe(1)
    expect((await gatehouse('policy', 'apply', wanted, config())).code).toBe(0)
    expect((await gatehouse('policy', 'plan', wanted, config())).code).toBe(0)
    const [event] = await world.sql(
      `select event ->> 'orgUid' as org from audit_events where event ->> 'code' = 'A020I'`,
    )
    expect(event).toEqual({ org: 'health' })
  })

  it('plans for those who read only through dashboards, too', async () => {
    const boards = accessOf('viewer').replace(
      /serviceAccount: ci, .*/,
      'serviceAccount: ci, role: viewer, on: { dashboard: board } }',
    )
    const content = {
      title: 'Board',
      panels: [{ title: 'P', targets: [{ expr: 'rate(requests_total[5m])' }] }],
    }
    await withOrg(world.pool, 'health', async (tx) => {
      const save = {
        uid: 'board',
        folderUid: undefined,
        title: 'Board',
        content,
        message: '',
        savedBy: 'ann',
      }
      const { version } = await createDashboard(tx, save)
      const approval = {
        by: { kind: 'team', uid: 'triage' },
        dataSources: ['metrics'],
        constraints: [],
      } as const
      await approveDashboard(tx, { uid: 'board', version }, approval)
    })
    expect((await gatehouse('policy', 'apply', file('boards.yaml', boards), config())).code).toBe(0)
    const guarded = `${boards}    guardrails: [{ uid: pii, selector: '{pii="yes"}', reason: people }]\n`
    const { out } = await gatehouse('policy', 'plan', file('guarded.yaml', guarded), config())
    expect(out).toMatch(
      /CI \[service-account ci\]\n {4}metrics: narrowed series, .*requests_total.* \(only queries of board\) → .*pii!="yes".*\(only/,
    )
    expect((await gatehouse('policy', 'apply', file('back.yaml', accessOf('viewer')), config())).code).toBe(0)
  })

  it('hands an org back to the API, where files leave it alone then, until they adopt it', async () => {
    const wanted = file('mine.yaml', accessOf('viewer'))
    const released = await gatehouse('policy', 'release', 'health', config())
    expect([released.code, released.err]).toEqual([0, ''])
    expect(await world.sql('select managed from orgs')).toEqual([{ managed: 'api' }])
    const [event] = await world.sql(
      `select event -> 'detail' as detail from audit_events where event ->> 'code' = 'A014I'`,
    )
    expect(event).toEqual({ detail: { managed: { before: 'files', after: 'api' } } })
    const refused = await gatehouse('policy', 'apply', wanted, config())
    expect([refused.code, refused.err]).toEqual([2, expect.stringContaining('managed through the API')])
    const [twice, nowhere] = [
      await gatehouse('policy', 'release', 'health', config()),
      await gatehouse('policy', 'release', 'nowhere', config()),
    ]
    expect([twice.code, twice.err]).toEqual([2, expect.stringContaining('already')])
    expect([nowhere.code, nowhere.err]).toEqual([2, expect.stringContaining('there is no such org')])
    expect((await gatehouse('policy', 'apply', wanted, '--adopt', config())).code).toBe(0)
    expect(await world.sql('select managed from orgs')).toEqual([{ managed: 'files' }])
  })

  it('lets a version of a role mean one thing', async () => {
    const withRole = (version: number, action: string): string =>
      file(
        'role.yaml',
        `${accessOf('viewer')}    roles: [{ name: reader, version: ${version}, permissions: ['${action}'] }]\n`,
      )
    expect((await gatehouse('policy', 'apply', withRole(3, 'datasources:read'), config())).code).toBe(0)
    for (const [version, action] of [
      [3, 'datasources:query'],
      [2, 'datasources:query'],
      [2, 'datasources:read'],
    ] as const)
      for (const command of ['plan', 'apply']) {
        const { code, err } = await gatehouse('policy', command, withRole(version, action), config())
        const message = 'other permissions need a higher version of reader than 3'
        expect([code, err]).toEqual([2, expect.stringContaining(message)])
      }
    expect((await gatehouse('policy', 'apply', withRole(4, 'datasources:query'), config())).code).toBe(0)
  })

  it('warns of orgs that take people of every identity provider, where there are several', async () => {
    const wanted = file('open.yaml', accessOf('viewer'))
    const issuers = ['a', 'b'].map((name) => ({ name, issuer: `https://${name}.example.org`, clientId: 'x' }))
    const { database, audit } = world.config
    const several = file(
      'several.yaml',
      JSON.stringify({ database, issuers, audit: { spoolDir: audit.spoolDir } }),
    )
    const { err } = await gatehouse('policy', 'plan', wanted, `--config.file=${several}`)
    expect(err).toBe('gatehouse: health names no issuers: groups of all 2 identity providers count in it\n')
    expect((await gatehouse('policy', 'plan', wanted, config())).err).toBe('')
    const own = accessOf('viewer').replace(
      'name: Health',
      'name: Health\n    issuers: [https://a.example.org]',
    )
    expect((await gatehouse('policy', 'plan', file('own.yaml', own), `--config.file=${several}`)).err).toBe(
      '',
    )
  })

  it('leaves orgs managed through the API alone unless told to adopt them', async () => {
    await world.sql(`update orgs set managed = 'api'`)
    const wanted = file('adopt.yaml', accessOf('viewer'))
    const refused = await gatehouse('policy', 'apply', wanted, config())
    expect([refused.code, refused.err]).toEqual([2, expect.stringContaining('through the API')])
    expect((await gatehouse('policy', 'apply', '--adopt', wanted, config())).code).toBe(0)
  })

  it('runs scenarios', async () => {
    const scenarios = join(import.meta.dirname, '../../policies/scenarios')
    const run = await gatehouse('policy', 'test', scenarios)
    expect([run.code, run.out]).toEqual([0, expect.stringMatching(/ expectations, 0 failed/)])
    const scenario = {
      apiVersion: 'gatehouse/v1',
      kind: 'Scenario',
      name: 'wrong',
      given: parse(accessOf('viewer')),
      expect: [
        {
          who: { org: 'health', teams: ['triage'] },
          action: 'datasources:query',
          on: { uid: 'metrics' },
          expect: 'deny',
        },
      ],
    }
    const wrong = await gatehouse('policy', 'test', file('scenario.yaml', JSON.stringify(scenario)))
    expect([wrong.code, wrong.out]).toEqual([1, expect.stringContaining('is allowed, expected deny')])
  })
})

describe('gatehouse auth', () => {
  it('answers can-i, why and who from the database', async () => {
    const query = ['datasources:query', 'metrics', '--org=health', config()]
    const nobody = await gatehouse('auth', 'can-i', ...query, '--as=nobody')
    expect(nobody.err).toContain('there is no nobody in ')
    for (const command of ['can-i', 'why', 'who']) {
      const rest = command === 'who' ? [] : ['--as=service-account:ci']
      const nowhere = await gatehouse('auth', command, ...query, ...rest, '--org=nope')
      expect([nowhere.code, nowhere.err]).toEqual([2, 'gatehouse: the org does not exist\n'])
    }
    for (const [action, target] of [
      ['teams:write', 'team:absent'],
      ['folders:write', 'folder:absent'],
      ['dashboards:read', 'dashboard:absent'],
      ['serviceaccounts:write', 'service-account:absent'],
      ['grants:delete', 'grant:absent'],
      ['roles:write', 'role:absent'],
      ['datasources:query', 'absent'],
      ['orgs:read', 'org:transport'],
    ] as const) {
      const { code, err } = await gatehouse('auth', 'who', action, target, '--org=health', config())
      expect([target, code, err]).toEqual([
        target,
        2,
        expect.stringMatching(/^gatehouse: there is no .* in health\n$/),
      ])
    }
    const can = await gatehouse('auth', 'can-i', ...query, '--as=service-account:ci')
    expect([can.code, can.out]).toEqual([0, 'yes\n'])
    const cannot = await gatehouse(
      'auth',
      'can-i',
      ...query,
      '--as=service-account:ci',
      '--selector={env="dev"}',
    )
    expect([cannot.code, cannot.out]).toEqual([1, 'no (fails first: selector)\n'])
    const why = await gatehouse('auth', 'why', ...query, '--as=ann')
    expect(why.out).toContain(
      'team triage (by hand) → grant g-triage → role viewer v1 → permission datasources:query: allows',
    )
    const who = await gatehouse('auth', 'who', ...query)
    expect(who.out.trim().split('\n')).toHaveLength(3)
    expect((await gatehouse('auth', 'who', 'no:action', 'metrics', '--org=health', config())).code).toBe(2)
  })
})

describe('gatehouse token and grafana', () => {
  it('makes, lists and revokes a token; only the token goes to standard output', async () => {
    const org = '--org=health'
    const made = await gatehouse('token', 'create', 'ci', org, config(), '--days=7')
    expect([made.code, made.out]).toEqual([0, expect.stringMatching(/^gatehouse_sa_\w+\n$/)])
    const authorization = `Bearer ${made.out.trim()}`
    const ask = () => fetch(`${world.base()}/api/v1/status/buildinfo`, { headers: { authorization } })
    // No Prometheus answers here; that the gateway asked one is enough.
    expect((await ask()).status).toBe(503)
    const list = await gatehouse('token', 'list', org, config())
    expect(list.out).not.toContain(made.out.trim())
    const [uid = ''] = list.out.split(' ')
    expect((await gatehouse('token', 'revoke', uid, org, config())).code).toBe(0)
    expect((await gatehouse('token', 'revoke', uid, org, config())).code).toBe(1)
    await expect.poll(async () => (await ask()).status, { timeout: 5_000 }).toBe(401)
    expect((await gatehouse('token', 'create', 'ci', org, config(), '--days=91')).code).toBe(2)
  })

  it('rotates a token with overlap, in place of a revoked one does nothing, and audits it', async () => {
    const org = '--org=health'
    const made = await gatehouse('token', 'create', 'ci', org, config(), '--cidr=127.0.0.0/8')
    const [, old = ''] = /token (t-\S+) of ci/.exec(made.err) ?? []
    const rotated = await gatehouse('token', 'rotate', old, org, config(), '--overlap=5', '--days=7')
    expect([rotated.code, rotated.out]).toEqual([0, expect.stringMatching(/^gatehouse_sa_\w+\n$/)])
    const ask = async (token: string) => {
      const headers = { authorization: `Bearer ${token.trim()}` }
      return (await fetch(`${world.base()}/api/v1/status/buildinfo`, { headers })).status
    }
    // No Prometheus answers here; both get as far as asking one.
    expect([await ask(made.out), await ask(rotated.out)]).toEqual([503, 503])
    const rows = await world.sql<{ days: number; cidrs: string[] }>(
      `select extract(epoch from expires_at - now())::float / 86400 as days, source_cidrs::text[] as cidrs
       from service_account_tokens where revoked_at is null order by expires_at`,
    )
    expect(rows.map(({ days }) => days)).toEqual([expect.closeTo(5 / 1440, 2), expect.closeTo(7, 1)])
    expect(rows.map(({ cidrs }) => cidrs)).toEqual([['127.0.0.0/8'], ['127.0.0.0/8']])
    const [event] = await world.sql(
      `select event -> 'detail' ->> 'replaces' as old from audit_events where event ->> 'code' = 'T004I'`,
    )
    expect(event).toEqual({ old })
    const none = await gatehouse('token', 'rotate', old, org, config(), '--overlap=0')
    expect(none.code).toBe(0)
    expect(await ask(rotated.out)).toBe(503)
    await expect.poll(() => ask(made.out), { timeout: 5_000 }).toBe(401)
    await gatehouse('token', 'revoke', old, org, config())
    expect((await gatehouse('token', 'rotate', old, org, config())).code).not.toBe(0)
    expect((await gatehouse('token', 'rotate', old, org, config(), '--overlap=10081')).code).toBe(2)
  })

  it('prints Grafana’s provisioning with a new token, which works as it stands', async () => {
    const org = '--org=health'
    const made = await gatehouse('token', 'create', 'ci', org, config(), '--grafana')
    const [source, ...others] = parse(made.out).datasources
    expect(others).toEqual([])
    expect(source).toMatchObject({
      name: 'metrics (health/ci)',
      type: 'prometheus',
      url: 'https://gw.example.org/prom/metrics',
      jsonData: { httpHeaderName1: 'Authorization' },
    })
    const authorization = source.secureJsonData.httpHeaderValue1
    const answer = await fetch(`${world.base()}/api/v1/status/buildinfo`, { headers: { authorization } })
    expect(answer.status).toBe(503)
    // Where the token itself goes to standard output, the snippet does not repeat it.
    const plain = await gatehouse('token', 'create', 'ci', org, config())
    const snippet = plain.err.slice(plain.err.indexOf('# grafana'))
    expect(parse(snippet).datasources[0].secureJsonData.httpHeaderValue1).toBe('Bearer $GATEHOUSE_TOKEN')
    expect(plain.err).not.toContain(plain.out.trim())
    expect((await gatehouse('token', 'create', 'nobody', org, config())).code).not.toBe(0)
    // Two accounts fit into one Grafana org, which takes each name and each uid of at most 40 characters once.
    const long = await gatehouse(
      'token',
      'create',
      'ci-of-every-model-in-production-and-test',
      org,
      config(),
      '--grafana',
    )
    const other = parse(long.out).datasources[0]
    for (const { uid } of [source, other]) expect(uid).toMatch(/^gatehouse-metrics-[0-9a-f]{8}$/)
    expect(other.uid).not.toBe(source.uid)
    expect(other.name).not.toBe(source.name)
    const bad = await gatehouse('token', 'create', 'ci', org, config(), '--cidr=nonsense')
    expect([bad.code, bad.err]).toEqual([2, expect.stringMatching(/nonsense.*a network such as/)])
  })

  it('prints a data source that Grafana can be provisioned with', async () => {
    const personal = await gatehouse('grafana', 'datasource', '--print', config())
    const [source] = parse(personal.out).datasources
    expect(source).toMatchObject({
      type: 'prometheus',
      url: 'https://gw.example.org/prom/metrics',
      jsonData: { oauthPassThru: true },
    })
    const alerting = await gatehouse(
      'grafana',
      'datasource',
      '--print',
      '--token-variable=GATEHOUSE_TOKEN',
      config(),
    )
    expect(parse(alerting.out).datasources[0].secureJsonData).toEqual({
      httpHeaderValue1: 'Bearer $GATEHOUSE_TOKEN',
    })
  })
})
