import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ApiAnswer, callApi } from '../support/prometheus-api.ts'
import { type Stack, startStack } from '../support/stack.ts'

let stack: Stack
const tokens = new Map<string, string>()

beforeAll(async () => {
  stack = await startStack()
  for (const [org, account] of [
    ['transport', 'all'],
    ['transport', 'signals'],
    ['transport', 'mixed'],
    ['transport', 'nobody'],
    ['health', 'all'],
    ['revenue', 'all'],
    ['defence', 'all'],
  ] as const)
    tokens.set(`${org}/${account}`, await stack.token(org, account))
})
afterAll(() => stack.close())

function call(
  who: string,
  path: string,
  parameters: Record<string, string> | [string, string][] = {},
  method?: 'GET' | 'POST',
): Promise<ApiAnswer> {
  const token = tokens.get(who)
  return callApi(stack.base(), path, {
    parameters,
    ...(token === undefined ? {} : { token }),
    ...(method === undefined ? {} : { method }),
  })
}

/** What a bare Prometheus that holds all series says. */
function reference(
  path: string,
  parameters: Record<string, string> | [string, string][] = {},
): Promise<ApiAnswer> {
  return callApi(stack.shards.reference.url, path, { parameters, method: 'GET' })
}

const at = () => ({ time: String(stack.shards.now) })
const range = () => ({ start: String(stack.shards.now - 1_800), end: String(stack.shards.now), step: '60' })
const question = 'sum by (tenant, team) (rate(ml_predictions_total[5m]))'
const constrained = (matchers: string) =>
  `sum by (tenant, team) (rate(ml_predictions_total{${matchers}}[5m]))`

describe('one question, different answers', () => {
  it.each([
    ['transport/all', 'tenant="transport"'],
    ['health/all', 'tenant="health"'],
    ['revenue/all', 'tenant="revenue"'],
    ['transport/signals', 'tenant="transport",team="signals",env="prod"'],
  ])('%s gets what a bare Prometheus says of {%s}', async (who, matchers) => {
    const instant = await call(who, 'query', { query: question, ...at() })
    const expected = await reference('query', { query: constrained(matchers), ...at() })
    expect(expected.json.data.result.length).toBeGreaterThan(0)
    expect(instant.json).toEqual(expected.json)
    const ranged = await call(who, 'query_range', { query: question, ...range() })
    expect(ranged.json).toEqual(
      (await reference('query_range', { query: constrained(matchers), ...range() })).json,
    )
    expect(ranged.json.data.result.length).toBeGreaterThan(0)
  })

  it('keeps answers apart for callers of one org with different grants, whoever asks first', async () => {
    const answers: unknown[] = []
    for (const who of ['transport/all', 'transport/signals', 'transport/all', 'transport/signals'])
      answers.push((await call(who, 'query', { query: 'count(up)', ...at() })).json.data.result[0].value[1])
    expect(answers).toEqual(['4', '1', '4', '1'])
  })

  it('is empty for somebody else’s tenant', async () => {
    for (const other of ['health', 'revenue', 'nowhere']) {
      const { status, json } = await call('transport/all', 'query', {
        query: `ml_predictions_total{tenant="${other}"}`,
        ...at(),
      })
      expect([status, json.data.result]).toEqual([200, []])
    }
  })

  it('answers what reads no series, such as Grafana’s 1+1 at second 4', async () => {
    const { status, json } = await call('transport/all', 'query', { query: '1+1', time: '4' })
    expect([status, json.data]).toEqual([200, { resultType: 'scalar', result: [4, '2'] }])
  })

  it('takes GET and POST, and parameters of a POST from its URL', async () => {
    const parameters = { query: question, ...at() }
    const post = await call('health/all', 'query', parameters)
    expect((await call('health/all', 'query', parameters, 'GET')).json).toEqual(post.json)
    const response = await fetch(`${stack.base()}/api/v1/query?${new URLSearchParams(parameters)}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${tokens.get('health/all')}` },
    })
    expect(await response.json()).toEqual(post.json)
  })
})

describe('several shards or alternatives', () => {
  const defence = '{tenant=~"defence-.*"}'
  const mixed = '{tenant="transport",team="signals"} or up{tenant="transport",env="prod"}'

  it.each([
    ['defence/all', 'sum(up)', `sum(up${defence})`],
    ['defence/all', 'count by (team, env) (up)', `count by (team, env) (up${defence})`],
    ['defence/all', 'sum(up{tenant="defence-sea"})', 'sum(up{tenant="defence-sea"})'],
    [
      'defence/all',
      'topk(3, sum by (model) (ml_predictions_total))',
      `topk(3, sum by (model) (ml_predictions_total${defence}))`,
    ],
    ['transport/mixed', 'count(up)', `count(up${mixed})`],
    ['transport/mixed', 'sum by (team) (up)', `sum by (team) (up${mixed})`],
  ])('%s: %s is exact', async (who, query, expected) => {
    const instant = await call(who, 'query', { query, ...at() })
    expect(sortedResult(instant.json)).toEqual(
      sortedResult((await reference('query', { query: expected, ...at() })).json),
    )
    const ranged = await call(who, 'query_range', { query, ...range() })
    expect(ranged.json).toEqual((await reference('query_range', { query: expected, ...range() })).json)
  })

  it('is empty where the grants admit nothing of it, and says so', async () => {
    const query = 'up{tenant="health"}'
    const nothing = { status: 'success', warnings: [expect.stringContaining('contradict')] }
    expect((await call('defence/all', 'query', { query, ...at() })).json).toEqual({
      ...nothing,
      data: { resultType: 'vector', result: [] },
    })
    expect((await call('defence/all', 'query_range', { query, ...range() })).json).toEqual({
      ...nothing,
      data: { resultType: 'matrix', result: [] },
    })
  })

  it('keeps a limit on the whole answer', async () => {
    const { json } = await call('defence/all', 'query', { query: 'up', limit: '1', ...at() })
    expect(json.data.result).toHaveLength(1)
    expect(json.warnings).toContain('results truncated due to limit')
  })
})

function sortedResult(json: { data: { result: unknown[] } }): unknown {
  return {
    ...json,
    data: { ...json.data, result: json.data.result.map((item) => JSON.stringify(item)).toSorted() },
  }
}

describe('labels and series', () => {
  const cases = (path: string, parameters: Record<string, string> = {}) => ({ path, parameters })

  it.each([
    ['transport/all', 'tenant="transport"'],
    ['transport/signals', 'tenant="transport",team="signals",env="prod"'],
    ['defence/all', 'tenant=~"defence-land|defence-sea"'],
  ])('%s reads those of {%s}', async (who, matchers) => {
    for (const { path, parameters } of [
      cases('labels'),
      cases('label/tenant/values'),
      cases('label/__name__/values'),
      cases('label/team/values', { start: String(stack.shards.now - 600), end: String(stack.shards.now) }),
      cases('series'),
    ]) {
      const method = path.startsWith('label/') ? 'GET' : 'POST'
      const answer = await call(who, path, parameters, method)
      const expected = await reference(path, { ...parameters, 'match[]': `{${matchers}}` })
      expect(expected.json.data.length, path).toBeGreaterThan(0)
      expect(sorted(answer.json), path).toEqual(sorted(expected.json))
    }
  })

  it('unites match[] and keeps every one within the constraints', async () => {
    const selectors: [string, string][] = [
      ['match[]', 'up{team="roads"}'],
      ['match[]', '{tenant="health"}'],
      ['match[]', 'up{team="signals"}'],
    ]
    const answer = await call('transport/all', 'series', selectors)
    const expected = await reference('series', [['match[]', 'up{tenant="transport",team=~"roads|signals"}']])
    expect(sorted(answer.json)).toEqual(sorted(expected.json))
  })

  it('unites alternatives of the grants', async () => {
    const answer = await call('transport/mixed', 'label/instance/values', { 'match[]': 'up' }, 'GET')
    const expected = await reference('label/instance/values', [
      ['match[]', 'up{tenant="transport",team="signals"}'],
      ['match[]', 'up{tenant="transport",env="prod"}'],
    ])
    expect(answer.json).toEqual(expected.json)
  })

  it('unites shards in Prometheus’s order and keeps the limit', async () => {
    const all = await call('defence/all', 'label/__name__/values', {}, 'GET')
    const expected = await reference('label/__name__/values', { 'match[]': '{tenant=~"defence-.*"}' })
    expect(all.json).toEqual(expected.json)
    const limited = await call('defence/all', 'label/__name__/values', { limit: '2' }, 'GET')
    expect(limited.json.data).toEqual(all.json.data.slice(0, 2))
    expect(limited.json.warnings).toContain('results truncated due to limit')
    const series = await call('defence/all', 'series', { 'match[]': 'up', limit: '1' })
    expect(series.json.data).toHaveLength(1)
  })

  it('is empty, and says why, when a selector contradicts the grants', async () => {
    const { status, json } = await call('transport/all', 'series', { 'match[]': 'up{tenant="revenue"}' })
    expect([status, json.data]).toEqual([200, []])
    const none = await call('transport/all', 'series', { 'match[]': 'up{tenant="nowhere"}' })
    expect(none.json).toMatchObject({
      status: 'success',
      data: [],
      warnings: [expect.stringContaining('contradict')],
    })
  })

  it('knows escaped label names by their real name', async () => {
    const { json } = await call('transport/all', 'label/U__te_6e_ant/values', {}, 'GET')
    expect(json.data).toEqual(['transport'])
  })
})

function sorted(json: { data: unknown[] }): unknown {
  return { ...json, data: json.data.map((item) => JSON.stringify(item)).toSorted() }
}

describe('refusals', () => {
  it('answers 401 without credentials and 403 under 1 KiB without a grant', async () => {
    const unknown = await call('nobody at all', 'query', { query: 'up' })
    expect([unknown.status, unknown.json.errorType]).toEqual([401, 'unauthenticated'])
    expect(unknown.headers.get('www-authenticate')).toContain('Bearer')
    const denied = await call('transport/nobody', 'query', { query: 'up' })
    expect([denied.status, denied.json.errorType]).toEqual([403, 'forbidden'])
    expect(denied.text.length).toBeLessThan(1_024)
    expect(denied.text.startsWith('{"error":')).toBe(true)
  })

  it('answers 404 for another data source as for none', async () => {
    const token = tokens.get('transport/all') ?? ''
    const answers = await Promise.all(
      ['nothing', 'health'].map((uid) =>
        callApi(stack.base(uid), 'query', { token, parameters: { query: 'up' } }),
      ),
    )
    expect(answers.map(({ status, json }) => [status, json.error])).toEqual(
      Array.from({ length: 2 }, () => [404, 'there is no such data source']),
    )
  })

  it.each([
    ['query', { query: 'sum(' }, /^invalid parameter "query": .*parse error/],
    ['query', { query: '' }, /^invalid parameter "query": /],
    ['query', { query: '{}' }, /at least one non-empty matcher/],
    ['query', { query: '{tenant=~".*"}' }, /at least one non-empty matcher/],
    ['query', { query: 'up', time: 'yesterday' }, /^invalid parameter "time": cannot parse "yesterday"/],
    ['query', { query: 'info(up)' }, /info\(\) is not supported/],
    [
      'query_range',
      { query: 'up', start: '1', end: '0', step: '1' },
      /end timestamp must not be before start/,
    ],
    [
      'query_range',
      { query: 'up', start: '0', end: '11001', step: '1' },
      /exceeded maximum resolution of 11,000 points/,
    ],
    ['series', { 'match[]': '{a=""}' }, /^invalid parameter "match\[\]": /],
    ['series', { 'match[]': '' }, /^invalid parameter "match\[\]": /],
    [
      'query',
      { query: '{"my.metric"}' },
      /quoted metric and label names needs Prometheus 3\.0; a shard of this data source runs 2\./,
    ],
  ])('answers %s %j as Prometheus does: 400', async (path, parameters, message) => {
    const { status, json } = await call('transport/all', path, parameters as Record<string, string>)
    expect([status, json.status, json.errorType]).toEqual([400, 'error', 'bad_data'])
    expect(json.error).toMatch(message)
  })

  it('passes a shard’s execution error on without its label sets', async () => {
    const { status, json } = await call('transport/all', 'query', { query: 'up * on() up', ...at() })
    expect([status, json.errorType]).toEqual([422, 'execution'])
    expect(json.error).toContain('found duplicate series for the match group')
    expect(json.error).not.toContain('instance')
  })
})

describe('buildinfo', () => {
  it('is answered here, with the lowest version of the shards', async () => {
    const shard = await callApi(stack.shards.two.url, 'status/buildinfo', { method: 'GET' })
    for (const method of ['GET', 'POST'] as const) {
      const { status, json } = await call('transport/all', 'status/buildinfo', {}, method)
      expect(status).toBe(200)
      expect(json.data.version).toBe(shard.json.data.version.replace(/\+.*/, ''))
      expect(json.data).not.toHaveProperty('features')
    }
  })
})

describe('guessing at credentials', () => {
  it('is slowed down by address, and locks nobody out who has the right ones', async () => {
    const guess = () =>
      callApi(stack.base(), 'query', { parameters: { query: 'up' }, token: `gatehouse_sa_${'x'.repeat(49)}` })
    const answers = await Promise.all(Array.from({ length: 60 }, guess))
    const statuses = answers.map(({ status }) => status)
    expect(new Set(statuses)).toEqual(new Set([401, 429]))
    const refused = answers.find(({ status }) => status === 429)
    expect([refused?.json.errorType, Number(refused?.headers.get('retry-after'))]).toEqual([
      'too_many_requests',
      expect.toSatisfy((seconds: number) => seconds >= 1),
    ])
    expect((await call('transport/all', 'query', { query: 'up', ...at() })).status).toBe(200)
  })
})
