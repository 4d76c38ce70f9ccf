import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type GatewayWorld, startGatewayWorld } from '../support/gateway-world.ts'
import { type ApiAnswer, callApi } from '../support/prometheus-api.ts'
import {
  type RecordingPrometheus,
  sendJson,
  startRecordingPrometheus,
} from '../support/recording-prometheus.ts'

let shard: RecordingPrometheus
let world: GatewayWorld
const tokens = new Map<string, string>()

/** Two orgs on one shard, of which `b` has three times the weight of `a`; in `a` a team that may do less. */
const access = (): string => `apiVersion: gatehouse/v1
kind: Access
orgs:${['a', 'b']
  .map(
    (org) => `
  - uid: ${org}
    name: ${org}
    tenants: ["${org}"]
    teams: [{ uid: quick, name: Quick }]
    serviceAccounts: [{ uid: one, name: One }, { uid: member, name: Member, team: quick }]
    dataSources:
      - uid: metrics
        name: Metrics
        shards: [{ name: s, tenants: ["a", "b"], replicas: [{ name: s, url: "${shard.url}" }] }]
    grants: [{ serviceAccount: one, role: viewer }, { serviceAccount: member, role: viewer }]`,
  )
  .join('')}
`

beforeAll(async () => {
  shard = await startRecordingPrometheus()
  const limits = {
    query: { samples: 1_000 },
    slotsPerShard: 5,
    queueWait: '20s',
    overrides: [
      { org: 'b', weight: 3 },
      { org: 'a', team: 'quick', query: { points: 10, samples: 100 }, slots: 1 },
    ],
  }
  world = await startGatewayWorld({ access: access(), limits })
  for (const org of ['a', 'b'])
    for (const account of ['one', 'member']) tokens.set(`${org}/${account}`, await world.token(org, account))
})
afterEach(() => shard.behave(undefined))
afterAll(async () => {
  await world.close()
  await shard.close()
})

let unique = 0
/** A range that nobody asked for before, of so many points. */
const range = (points: number) => ({
  query: `m${(unique += 1)}`,
  start: '0',
  end: String(points - 1),
  step: '1',
})
const call = (who: string, parameters: Record<string, string>, path = 'query_range'): Promise<ApiAnswer> =>
  callApi(world.base(), path, { parameters, token: tokens.get(who) ?? '' })
const empty = '{"status":"success","data":{"resultType":"matrix","result":[]}}'
const metric = async (name: string): Promise<number> => {
  const text = await (await fetch(`${world.gateway.url}/metrics`)).text()
  return Number(new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1])
}

describe('the limit of samples', () => {
  const reading = (samples: number): void =>
    shard.behave((_m, res) =>
      sendJson(
        res,
        200,
        `{"status":"success","data":{"resultType":"matrix","result":[],"stats":{"timings":{},"samples":{"totalQueryableSamples":${samples},"peakSamples":1}}}}`,
      ),
    )

  it.each([
    [699, 200, undefined, undefined],
    [700, 200, ['samples read is 700, 70 % of the limit of 1,000'], undefined],
    [1_000, 200, undefined, ['samples read is 1,000, 100 % of the limit of 1,000; more will be refused']],
  ])('%d of 1,000: %d', async (samples, status, infos, warnings) => {
    reading(samples)
    const answer = await call('a/one', range(2))
    expect([answer.status, answer.json.infos, answer.json.warnings]).toEqual([status, infos, warnings])
  })

  it('refuses what read more, with numbers, and says in the evidence how much it was', async () => {
    reading(1_001)
    const { status, json, requestId } = await call('a/one', range(2))
    expect([status, json.errorType, json.error]).toEqual([
      422,
      'execution',
      'samples read is 1,001, more than the limit of 1,000; add matchers, shorten ranges, or use a recording rule',
    ])
    const [event] = await world.auditOf(requestId)
    expect(event?.outcome).toMatchObject({ httpStatus: 422, errorCode: 'execution', samples: 1_001 })
  })

  it('is that of the team where that is stricter', async () => {
    reading(101)
    expect((await call('a/one', range(2))).status).toBe(200)
    expect((await call('a/member', range(2))).status).toBe(422)
    // The other org's team of that name has no limit of its own.
    expect((await call('b/member', range(2))).status).toBe(200)
  })
})

describe('a team', () => {
  it('has the points of its override, and others have not', async () => {
    expect((await call('a/member', range(10))).status).toBe(200)
    const refused = await call('a/member', range(11))
    expect([refused.status, refused.json.error]).toEqual([
      422,
      expect.stringContaining('points per series is 11, more than the limit of 10'),
    ])
    expect((await call('a/one', range(11))).status).toBe(200)
    expect((await call('b/member', range(11))).status).toBe(200)
  })

  it('has the slots of its override', async () => {
    const most = async (who: string): Promise<number> => {
      const seen = { now: 0, most: 0 }
      shard.behave((_m, res) => {
        seen.now += 1
        seen.most = Math.max(seen.most, seen.now)
        setTimeout(() => {
          seen.now -= 1
          sendJson(res, 200, empty)
        }, 50)
      })
      const answers = await Promise.all(Array.from({ length: 4 }, () => call(who, range(2))))
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
      return seen.most
    }
    expect(await most('a/member')).toBe(1)
    expect(await most('b/member')).toBeGreaterThan(1)
  })
})

describe('weights', () => {
  it('an org of three times the weight gets three turns for one', async () => {
    const held: (() => void)[] = []
    let isHolding = true
    const turns: string[] = []
    shard.behave((_m, res) => {
      const org = /tenant="(\w)"/.exec(
        new URLSearchParams(shard.requests.at(-1)?.body).get('query') ?? '',
      )?.[1]
      if (!isHolding) turns.push(org ?? '')
      if (isHolding) held.push(() => sendJson(res, 200, empty))
      else sendJson(res, 200, empty)
    })
    const filling = ['a', 'a', 'a', 'a', 'b'].map((org) => call(`${org}/one`, range(2)))
    while ((await metric('gatehouse_queue_running')) < 5) await sleep(20)
    const waiting = Array.from({ length: 24 }, (_, i) => call(i % 2 === 0 ? 'a/one' : 'b/one', range(2)))
    while ((await metric('gatehouse_queue_waiting')) < 24) await sleep(20)
    isHolding = false
    for (const release of held) release()
    const answers = await Promise.all([...filling, ...waiting])
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    // While both have something waiting: 12 of the heavy one, and a third of it of the other.
    const untilHeavyDone = turns.slice(0, turns.lastIndexOf('b') + 1)
    const light = untilHeavyDone.filter((org) => org === 'a').length
    expect([untilHeavyDone.length - light, light >= 2 && light <= 7]).toEqual([12, true])
  })
})
