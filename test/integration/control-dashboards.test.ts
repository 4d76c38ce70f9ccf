import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ControlAnswer, type ControlWorld, startControlWorld } from '../support/control-world.ts'

const org = (uid: string): string => `
  - uid: ${uid}
    name: ${uid}
    tenants: [${uid}]
    teams: [{ uid: owners, name: Owners }, { uid: others, name: Others }]
    folders: [{ uid: ops, title: Ops }, { uid: inner, title: Inner, parent: ops }, { uid: secret, title: Secret }]
    serviceAccounts:
      - { uid: editor, name: Editor, team: owners }
      - { uid: writer, name: Writer }
      - { uid: viewer, name: Viewer }
      - { uid: nobody, name: Nobody }
    dataSources:
      - { uid: metrics, name: Metrics, shards: [{ name: s, tenants: [${uid}], replicas: [{ name: r, url: 'http://127.0.0.1:9' }] }] }
    roles: [{ name: board-writer, version: 1, permissions: ['dashboards:read', 'dashboards:write', 'dashboards:create'] }]
    grants:
      - { serviceAccount: editor, role: editor }
      - { team: owners, role: viewer, on: { dataSource: metrics } }
      - { serviceAccount: writer, role: board-writer, on: { folder: ops } }
      - { serviceAccount: viewer, role: viewer, on: { folder: ops } }`

let world: ControlWorld
const tokens = new Map<string, string>()

beforeAll(async () => {
  world = await startControlWorld({
    access: `apiVersion: gatehouse/v1\nkind: Access\norgs:${org('health')}${org('transport')}\n`,
  })
  for (const uid of ['health', 'transport'])
    for (const account of ['editor', 'writer', 'viewer', 'nobody'])
      tokens.set(`${uid}/${account}`, await world.token(uid, account))
})
afterAll(() => world.close())

const contentOf = (expr: string, title = 'Board'): object => ({
  title,
  uid: 'from-grafana',
  id: 17,
  version: 99,
  panels: [{ title: 'P', targets: [{ expr }] }],
})
function call(
  who: string,
  method: string,
  path: string,
  body?: unknown,
  etag?: string,
): Promise<ControlAnswer> {
  const token = tokens.get(who) ?? ''
  const headers = etag === undefined ? {} : { 'if-match': etag }
  return world.call(method, `/api/v1${path}`, { token, headers, ...(body === undefined ? {} : { body }) })
}
let made = 0
async function make(who = 'health/editor', folder = 'ops', expr = 'up'): Promise<string> {
  made += 1
  const uid = `board-${made}`
  const { status, json } = await call(who, 'post', `/folders/${folder}/dashboards`, {
    uid,
    content: contentOf(expr),
  })
  expect([status, json.version]).toEqual([201, 1])
  return uid
}

describe('dashboards over HTTP', () => {
  it('are stored, read, saved again and deleted, each change with its event', async () => {
    const first = await call('health/editor', 'post', '/dashboards', {
      content: contentOf('up'),
      message: 'first',
    })
    expect(first.json).toMatchObject({ uid: 'from-grafana', title: 'Board', folderUid: null, approval: null })
    const path = '/dashboards/from-grafana'
    const read = await call('health/editor', 'get', path)
    expect(read.json.content).toEqual({
      title: 'Board',
      uid: 'from-grafana',
      panels: [{ title: 'P', targets: [{ expr: 'up' }] }],
    })
    const etag = read.headers.get('etag') ?? ''
    const saved = await call('health/editor', 'put', path, { content: contentOf('down') }, etag)
    expect([saved.status, saved.json.version, saved.headers.get('etag')]).toEqual([200, 2, '"2"'])
    expect((await call('health/editor', 'put', path, { content: contentOf('x') }, etag)).status).toBe(412)
    expect((await call('health/editor', 'put', path, { content: contentOf('x') })).status).toBe(400)
    const versions = await call('health/editor', 'get', `${path}/versions`)
    expect(versions.json.items.map((v: { version: number }) => v.version)).toEqual([2, 1])
    const old = await call('health/editor', 'get', `${path}/versions/1`)
    expect(old.json.content.panels[0].targets[0].expr).toBe('up')
    const diff = await call('health/editor', 'get', `${path}/diff?from=1&to=2`)
    expect(diff.json.differences).toEqual([{ path: '/panels/0/targets/0/expr', before: 'up', after: 'down' }])
    const gone = await call('health/editor', 'delete', path, undefined, '"2"')
    expect([gone.status, (await call('health/editor', 'get', path)).status]).toEqual([200, 404])
    for (const [answer, code] of [
      [first, 'C007I'],
      [saved, 'C008I'],
      [gone, 'C009I'],
    ] as const) {
      const events = await world.auditOf(answer.requestId)
      expect(events.map((event) => event.code)).toEqual([code])
      expect(events[0]).toMatchObject({
        resource: { kind: 'dashboards', uid: 'from-grafana' },
        orgUid: 'health',
      })
    }
  })

  it('are refused to whom no grant gives them, and the refusal is an event', async () => {
    const uid = await make()
    for (const [who, method, path, body, etag] of [
      ['health/viewer', 'put', `/dashboards/${uid}`, { content: contentOf('x') }, '"1"'],
      ['health/viewer', 'delete', `/dashboards/${uid}`, undefined, '"1"'],
      ['health/viewer', 'put', `/dashboards/${uid}/approval`, { dataSources: ['metrics'] }, '"1"'],
      ['health/viewer', 'post', '/folders/ops/dashboards', { content: contentOf('x') }, undefined],
      ['health/nobody', 'get', `/dashboards/${uid}`, undefined, undefined],
      ['health/nobody', 'get', `/dashboards/${uid}/versions`, undefined, undefined],
      ['health/writer', 'post', '/folders/secret/dashboards', { content: contentOf('x') }, undefined],
      ['health/writer', 'post', '/dashboards', { content: contentOf('x') }, undefined],
      ['health/writer', 'put', `/dashboards/${uid}/folder`, { folderUid: 'secret' }, '"1"'],
    ] as const) {
      const answer = await call(who, method, path, body, etag)
      expect([who, method, path, answer.status]).toEqual([who, method, path, 403])
      const [event] = await world.auditOf(answer.requestId)
      expect(event?.code).toMatch(/D$/)
    }
  })

  it('of another org are as little there as none', async () => {
    const uid = await make()
    for (const [method, path, body] of [
      ['get', `/dashboards/${uid}`, undefined],
      ['put', `/dashboards/${uid}`, { content: contentOf('x') }],
      ['delete', `/dashboards/${uid}`, undefined],
      ['get', `/dashboards/${uid}/versions`, undefined],
      ['get', `/dashboards/${uid}/versions/1`, undefined],
      ['get', `/dashboards/${uid}/diff?from=1&to=1`, undefined],
      ['get', `/dashboards/${uid}/capability`, undefined],
      ['put', `/dashboards/${uid}/approval`, { dataSources: ['metrics'] }],
      ['put', `/dashboards/${uid}/folder`, { folderUid: null }],
    ] as const) {
      const foreign = await call('transport/editor', method, path, body, '"1"')
      const none = await call('transport/editor', method, path.replace(uid, 'nothing'), body, '"1"')
      expect([method, path, foreign.status, foreign.json.detail]).toEqual([
        method,
        path,
        404,
        none.json.detail,
      ])
    }
    const list = await call('transport/editor', 'get', '/dashboards')
    expect(list.json.items).toEqual([])
  })

  it('are listed as far as one may open them, page by page', async () => {
    const inside = await make('health/editor', 'inner')
    const hidden = await make('health/editor', 'secret')
    const uids = async (who: string): Promise<string[]> => {
      const found: string[] = []
      let cursor: string | null = null
      do {
        const path = `/dashboards?limit=2${cursor === null ? '' : `&cursor=${cursor}`}`
        const { json }: ControlAnswer = await call(who, 'get', path)
        expect(json.items.length).toBeLessThanOrEqual(2)
        found.push(...json.items.map(({ uid }: { uid: string }) => uid))
        cursor = json.next
      } while (cursor !== null)
      return found
    }
    const viewer = await uids('health/viewer')
    expect([viewer.includes(inside), viewer.includes(hidden)]).toEqual([true, false])
    expect(await uids('health/editor')).toContain(hidden)
    expect(await uids('health/nobody')).toEqual([])
    const inFolder = await call('health/editor', 'get', '/dashboards?folder=secret')
    expect(inFolder.json.items.map(({ uid }: { uid: string }) => uid)).toEqual([hidden])
    expect((await call('health/editor', 'get', '/dashboards?cursor=%21')).status).toBe(400)
  })

  it.each([
    ['no title', { panels: [] }],
    ['no dashboard', { title: 'x', panels: 'y' }],
    ['a NUL', { title: 'x', description: 'a\u0000b' }],
  ])('with %s is refused', async (_name, content) => {
    expect((await call('health/editor', 'post', '/dashboards', { content })).status).toBe(400)
  })

  it('may be large, within bounds', async () => {
    const big = (bytes: number): object => ({ content: { title: 'Big', description: 'x'.repeat(bytes) } })
    expect((await call('health/editor', 'post', '/dashboards', big(1_000_000))).status).toBe(201)
    expect((await call('health/editor', 'post', '/dashboards', big(3_000_000))).status).toBe(413)
  })
})

describe('approval over HTTP', () => {
  const approve = (who: string, uid: string, body: object, etag = '"1"'): Promise<ControlAnswer> =>
    call(who, 'put', `/dashboards/${uid}/approval`, body, etag)

  it('is given by who may query, and ends with other queries or another folder', async () => {
    const uid = await make()
    const approved = await approve('health/editor', uid, {
      dataSources: ['metrics'],
      constraints: ['{env="prod"}'],
    })
    expect(approved.json.approval).toEqual({
      by: { kind: 'service-account', uid: 'editor' },
      dataSources: ['metrics'],
      constraints: ['{env="prod"}'],
    })
    const moved = { title: 'Board', panels: [{ title: 'Elsewhere', targets: [{ expr: 'up' }] }] }
    const same = await call('health/writer', 'put', `/dashboards/${uid}`, { content: moved }, '"1"')
    expect(same.json.approval).not.toBeNull()
    const other = await call(
      'health/writer',
      'put',
      `/dashboards/${uid}`,
      { content: contentOf('secret') },
      '"2"',
    )
    expect([other.json.version, other.json.approval]).toEqual([3, null])
    await approve('health/editor', uid, { dataSources: ['metrics'] }, '"3"')
    const away = await call(
      'health/editor',
      'put',
      `/dashboards/${uid}/folder`,
      { folderUid: 'secret' },
      '"3"',
    )
    expect([away.json.folderUid, away.json.approval]).toEqual(['secret', null])
  })

  it('is given in the name of a team of one’s own only', async () => {
    const uid = await make()
    const own = await approve('health/editor', uid, { dataSources: ['metrics'], team: 'owners' })
    expect(own.json.approval.by).toEqual({ kind: 'team', uid: 'owners' })
    expect((await approve('health/editor', uid, { dataSources: ['metrics'], team: 'others' })).status).toBe(
      403,
    )
  })

  it.each([
    ['health/writer', { dataSources: ['metrics'] }, 403],
    ['health/editor', { dataSources: ['nothing'] }, 403],
    ['health/editor', { dataSources: [] }, 400],
    ['health/editor', { dataSources: ['metrics'], constraints: ['{}'] }, 400],
    ['health/editor', { dataSources: ['metrics'], constraints: ['{env=~".*"}'] }, 400],
  ])('by %s of %j is %d', async (who, body, status) => {
    expect((await approve(who, await make(), body)).status).toBe(status)
  })

  it('is of a version, and can be withdrawn', async () => {
    const uid = await make()
    expect((await approve('health/editor', uid, { dataSources: ['metrics'] }, '"2"')).status).toBe(412)
    await approve('health/editor', uid, { dataSources: ['metrics'] })
    const withdrawn = await call('health/writer', 'delete', `/dashboards/${uid}/approval`, undefined, '"1"')
    expect(withdrawn.json.approval).toBeNull()
    const [event] = await world.auditOf(withdrawn.requestId)
    expect(event).toMatchObject({ code: 'C008I', detail: { approval: null } })
  })

  it('can be looked at before: what compiles and what not', async () => {
    const uid = await make('health/editor', 'ops', 'sum(rate(x[$__rate_interval])) + $__everything')
    const { json } = await call('health/editor', 'get', `/dashboards/${uid}/capability`)
    expect([json.granted.length, json.refused.length]).toEqual([0, 1])
    expect(json.refused[0].reason).not.toBe('')
  })

  it('can be looked at before where exemplars are shown too', async () => {
    const content = { title: 'E', panels: [{ title: 'P', targets: [{ expr: 'up', exemplar: true }] }] }
    const made = await call('health/editor', 'post', '/dashboards', { uid: 'exemplars', content })
    expect(made.status).toBe(201)
    const { json } = await call('health/editor', 'get', '/dashboards/exemplars/capability')
    expect(json).toEqual({ granted: [{ where: 'P', kind: 'panel', text: 'up' }], refused: [] })
  })
})

describe('folders over HTTP', () => {
  it('are made, renamed, moved and deleted', async () => {
    const one = await call('health/editor', 'post', '/folders', { uid: 'one', title: 'One' })
    expect([one.status, one.json]).toEqual([201, { uid: 'one', title: 'One', parentUid: null }])
    await call('health/editor', 'post', '/folders/one/folders', { uid: 'two', title: 'Two' })
    const read = await call('health/editor', 'get', '/folders/one')
    const etag = read.headers.get('etag') ?? ''
    const body = { title: 'Uno', parentUid: 'ops' }
    const moved = await call('health/editor', 'put', '/folders/one', body, etag)
    expect([moved.status, moved.json]).toEqual([200, { uid: 'one', ...body }])
    expect((await call('health/editor', 'put', '/folders/one', body, etag)).status).toBe(412)
    const inside = { title: 'Uno', parentUid: 'two' }
    const fresh = moved.headers.get('etag') ?? ''
    expect((await call('health/editor', 'put', '/folders/one', inside, fresh)).status).toBe(400)
    const remove = async (path: string) => {
      const seen = await call('health/editor', 'get', path)
      return call('health/editor', 'delete', path, undefined, seen.headers.get('etag') ?? '')
    }
    expect((await call('health/editor', 'delete', '/folders/two', undefined, etag)).status).toBe(412)
    expect((await remove('/folders/one')).status).toBe(409)
    expect((await remove('/folders/two')).status).toBe(200)
    const gone = await remove('/folders/one')
    expect(gone.status).toBe(200)
    expect((await world.auditOf(gone.requestId)).map(({ code }) => code)).toEqual(['C006I'])
  })

  it('are shown as far as one may see them, and changed by who may', async () => {
    const list = await call('health/viewer', 'get', '/folders')
    expect(list.json.items.map(({ uid }: { uid: string }) => uid)).toEqual(['inner', 'ops'])
    expect((await call('health/viewer', 'post', '/folders', { title: 'x' })).status).toBe(403)
    expect((await call('health/viewer', 'get', '/folders/secret')).status).toBe(403)
    expect((await call('transport/editor', 'post', '/folders/one/folders', { title: 'x' })).status).toBe(404)
  })
})
