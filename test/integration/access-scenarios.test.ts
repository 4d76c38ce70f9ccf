import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Expectation, parseConstraint, parseScenario, type Scenario } from '@gatehouse/authz'
import { createProgram } from '@gatehouse/cli'
import { parseMatchers, printMatcher } from '@gatehouse/promql'
import { signIn } from '@gatehouse/store'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { parse, stringify } from 'yaml'
import { type ControlWorld, startControlWorld } from '../support/control-world.ts'
import { callApi } from '../support/prometheus-api.ts'
import { type RecordingPrometheus, startRecordingPrometheus } from '../support/recording-prometheus.ts'

/** The shipped scenarios, asked of a real control plane and of a real gateway: what the decision functions say is what both do. */

const folder = join(import.meta.dirname, '../../policies/scenarios')
const scenarios = readdirSync(folder)
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => ({ name, scenario: parseScenario(parse(readFileSync(join(folder, name), 'utf8'))) }))

interface OrgGiven {
  uid: string
  serviceAccounts?: object[]
  dataSources?: { shards: { replicas: { url: string }[] }[] }[]
  grants?: object[]
}

/** The scenario's access with an account in each org that may ask, and with a Prometheus that is there. */
function withAskers(scenario: Scenario, url: string): string {
  const given = structuredClone(scenario.given) as { orgs: OrgGiven[] }
  for (const org of given.orgs) {
    org.serviceAccounts = [...(org.serviceAccounts ?? []), { uid: 'asker', name: 'Asker' }]
    org.grants = [...(org.grants ?? []), { uid: 'g-asker', serviceAccount: 'asker', role: 'auditor' }]
    for (const { shards } of org.dataSources ?? [])
      for (const { replicas } of shards) for (const replica of replicas) replica.url = url
  }
  return stringify(given)
}

async function run(...args: string[]): Promise<{ lines: readonly string[]; exitCode: unknown }> {
  const lines: string[] = []
  const log = vi.spyOn(console, 'log').mockImplementation((line: string) => lines.push(line))
  process.exitCode = 0
  try {
    await createProgram().parseAsync(['node', 'gatehouse', 'policy', 'test', ...args])
    return { lines, exitCode: process.exitCode }
  } finally {
    log.mockRestore()
    process.exitCode = 0
  }
}

describe.each(scenarios)('$name', ({ name, scenario }) => {
  let shard: RecordingPrometheus
  let world: ControlWorld
  let dir: string
  let asking: string[]

  beforeAll(async () => {
    shard = await startRecordingPrometheus()
    world = await startControlWorld({ access: withAskers(scenario, shard.url) })
    dir = mkdtempSync(join(tmpdir(), 'gatehouse-scenarios-'))
    const { orgs } = scenario.given as { orgs: OrgGiven[] }
    asking = ['--url', world.control.url]
    for (const { uid } of orgs) {
      writeFileSync(join(dir, uid), await world.token(uid, 'asker'))
      asking.push('--token-file', `${uid}=${join(dir, uid)}`)
    }
  })
  afterAll(async () => {
    await world.close()
    await shard.close()
    rmSync(dir, { recursive: true })
  })

  it('holds over HTTP as it does in the decision functions', async () => {
    const alone = await run(join(folder, name))
    const asked = await run(join(folder, name), ...asking)
    expect(alone).toMatchObject({ exitCode: 0 })
    expect(asked).toMatchObject({ exitCode: 0 })
    const foreign = scenario.expect.filter(({ who, on }) => (on.org ?? who.org) !== who.org).length
    expect(asked.lines.at(-1)).toBe(`1 scenarios, ${scenario.expect.length - foreign} expectations, 0 failed`)
  })

  it('denies nobody whom it cannot ask about', async () => {
    const [one] = scenario.expect
    const who = { org: one?.who.org, user: { issuer: 'https://idp.example', subject: 'nobody-called-so' } }
    const file = join(dir, 'unknown.yaml')
    writeFileSync(file, JSON.stringify({ ...scenario, expect: [{ ...one, who, expect: 'deny' }] }))
    const { lines, exitCode } = await run(file, ...asking)
    expect([exitCode, lines.at(-1)]).toEqual([1, '1 scenarios, 1 expectations, 1 failed'])
  })

  it('asks about a person, not about who calls themself so', async () => {
    const [team] = reads.filter(({ expect: verdict, who }) => verdict === 'allow' && who.groups.length > 0)
    if (team === undefined) throw new Error('no scenario of somebody who reads')
    const { org, groups } = team.who
    const issuer = 'https://idp.example.org'
    await signIn(world.pool, { issuer, subject: 'ann', name: 'Ann Lovelace', email: undefined, groups })
    const file = join(dir, 'person.yaml')
    for (const [subject, verdict, failed] of [
      ['ann', 'allow', 0],
      ['ann', 'deny', 1],
      ['Ann Lovelace', 'deny', 1],
    ] as const) {
      const who = { org, user: { issuer, subject } }
      const { because, action, on } = team
      writeFileSync(
        file,
        JSON.stringify({ ...scenario, expect: [{ who, action, on, because, expect: verdict }] }),
      )
      // That somebody came is known within a second or two.
      await vi.waitFor(async () => {
        const { lines } = await run(file, ...asking)
        expect([subject, verdict, lines.at(-1)]).toEqual([
          subject,
          verdict,
          `1 scenarios, 1 expectations, ${failed} failed`,
        ])
      }, 5_000)
    }
  })

  it('would say so if it did not hold', async () => {
    const turned = scenario.expect.map((one) => ({
      ...one,
      expect: one.expect === 'allow' ? 'deny' : 'allow',
    }))
    const file = join(dir, 'turned.yaml')
    writeFileSync(file, JSON.stringify({ ...scenario, expect: turned }))
    const { lines, exitCode } = await run(file, ...asking)
    const [, total, failed] = /(\d+) expectations, (\d+) failed/.exec(lines.at(-1) ?? '') ?? []
    expect([exitCode, failed]).toEqual([1, total])
  })

  const reads = scenario.expect.filter(
    (one): one is Expectation & { who: { groups: string[] } } =>
      one.action === 'datasources:query' &&
      one.at === undefined &&
      one.selector === undefined &&
      one.on.org === undefined &&
      'groups' in one.who,
  )
  it.each(reads)('is what the gateway does: $who.org $who.groups $on $expect', async (one) => {
    const subject = `${one.who.groups.join('+')} of ${one.who.org}`
    const cookie = await world.person(one.who.org, subject, one.who.groups).then(
      (person) => person.cookie,
      () => undefined,
    )
    // Groups that no team knows: there is nobody to sign in.
    if (cookie === undefined) return expect(one.expect).toBe('deny')
    shard.requests.length = 0
    const { status } = await callApi(world.base(one.on.uid), 'query', {
      headers: { cookie, 'sec-fetch-site': 'same-origin' },
      parameters: { query: 'up' },
    })
    expect([one, status === 200]).toEqual([one, one.expect === 'allow'])
    if (one.expect === 'deny') return expect(shard.requests).toEqual([])
    if (one.constraints === undefined) return
    const sent = shard.requests.map(({ body }) => new URLSearchParams(body).get('query') ?? '')
    const enforced = sent.map((query) => new Set(parseMatchers(query.replace(/^up/, '')).map(printMatcher)))
    const wanted = one.constraints.map((text) => new Set(parseConstraint(text).map(printMatcher)))
    expect(enforced).toEqual(wanted)
  })
})
