import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AccessApiWorld, startAccessApiWorld } from '../support/access-api-world.ts'
import { callApi } from '../support/prometheus-api.ts'
import { type RecordingPrometheus, startRecordingPrometheus } from '../support/recording-prometheus.ts'

let world: AccessApiWorld
let target: RecordingPrometheus

beforeAll(async () => {
  target = await startRecordingPrometheus()
  world = await startAccessApiWorld()
})
afterAll(async () => {
  await world.close()
  await target.close()
})

const path = '/orgs/health/data-sources'
const sourceAt = (url: string, more: object = {}) => ({
  uid: 'other',
  name: 'Other',
  tenantLabel: 'tenant',
  shards: [{ name: 's', tenants: ['health'], replicas: [{ name: 'r', url }] }],
  ...more,
})

/** Z10: a data source must not lead into what only the gateway can reach. */
describe('a data source at a refused address', () => {
  it.each([
    'http://169.254.169.254/latest',
    'http://[::ffff:a9fe:a9fe]',
    'http://2852039166',
    'http://[fd00:ec2::254]',
    'http://0.0.0.0:9090',
  ])('%s is neither made nor put, and the answer says why', async (url) => {
    const made = await world.as('platform/operator', 'post', path, { body: sourceAt(url) })
    expect(made).toMatchObject({ status: 400, json: { detail: expect.stringContaining('not allowed') } })
    expect((await world.as('platform/operator', 'get', `${path}/other`)).status).toBe(404)
    const { uid: _uid, ...change } = sourceAt(url)
    const { headers } = await world.as('platform/operator', 'get', `${path}/metrics`)
    const ifMatch = { 'if-match': headers.get('etag') ?? '' }
    const put = await world.as('platform/operator', 'put', `${path}/metrics`, {
      body: change,
      headers: ifMatch,
    })
    expect(put).toMatchObject({ status: 400, json: { detail: expect.stringContaining('not allowed') } })
  })

  it.each([{ alertmanagerUrl: 'http://169.254.169.254' }, { engineUrl: 'http://169.254.169.254' }])(
    'is not made for %o either',
    async (more) => {
      const body = sourceAt('http://127.0.0.1:9', more)
      expect((await world.as('platform/operator', 'post', path, { body })).status).toBe(400)
    },
  )

  it.each(['file:///etc/passwd', 'gopher://127.0.0.1', 'http://user:pass@127.0.0.1', 'http://127.0.0.1/?a'])(
    '%s is no base URL at all',
    async (url) => {
      const { status } = await world.as('platform/operator', 'post', path, { body: sourceAt(url) })
      expect(status).toBe(400)
    },
  )

  it('that came by another way is not asked: a query through it is 503', async () => {
    await world.sql(`update replicas set url = 'http://169.254.169.254' where org_uid = 'health'`)
    await world.sql(`update data_sources set version = version + 1 where org_uid = 'health'`)
    const token = await world.token('health', 'viewer')
    const started = performance.now()
    const { status, text } = await callApi(world.base(), 'query', { token, parameters: { query: 'up' } })
    expect([status, text.includes('169.254')]).toEqual([503, false])
    expect(performance.now() - started).toBeLessThan(5_000)
  })
})

describe('a data source at an allowed address', () => {
  it.each(['http://prometheus.example.gov:9090/base', 'http://10.0.0.1:9090', 'http://[fd12::1]:9090'])(
    '%s is made, whether it answers or not',
    async (url) => {
      const { status } = await world.as('platform/operator', 'post', path, { body: sourceAt(url) })
      expect(status).toBe(201)
      await world.as('platform/operator', 'delete', `${path}/other`, {
        headers: {
          'if-match': (await world.as('platform/operator', 'get', `${path}/other`)).headers.get('etag') ?? '',
        },
      })
    },
  )
})
