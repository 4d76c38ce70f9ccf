import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createProgram } from '@gatehouse/cli'
import { parseAccessDocument } from '@gatehouse/authz'
import { applyAccess } from '@gatehouse/store'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { parse } from 'yaml'
import { type ControlAnswer, type ControlWorld, startControlWorld } from '../support/control-world.ts'
import { callApi } from '../support/prometheus-api.ts'
import { type RecordingPrometheus, startRecordingPrometheus } from '../support/recording-prometheus.ts'

let world: ControlWorld
let shard: RecordingPrometheus
let admin: string
let access: string
let folder: string

const boardFile = (expr: string): string =>
  JSON.stringify({ dashboard: { title: 'Services', uid: 'services', panels: [{ targets: [{ expr }] }] } })

async function run(...parameters: string[]): Promise<string> {
  const lines: string[] = []
  const log = vi.spyOn(console, 'log').mockImplementation((line: string) => {
    lines.push(line)
  })
  try {
    await createProgram().parseAsync(['node', 'gatehouse', ...parameters])
  } finally {
    log.mockRestore()
  }
  return lines.join('\n')
}
const importBoards = (...more: string[]): Promise<string> =>
  run(
    'dashboards',
    'import',
    folder,
    '--org',
    'health',
    '--config.file',
    join(folder, 'config.yaml'),
    ...more,
  )

beforeAll(async () => {
  shard = await startRecordingPrometheus()
  access = `
apiVersion: gatehouse/v1
kind: Access
orgs:
  - uid: health
    name: Health
    tenants: [health]
    teams: [{ uid: owners, name: Owners }]
    folders: [{ uid: ops, title: Ops }]
    serviceAccounts: [{ uid: admin, name: Admin }, { uid: editor, name: Editor }]
    dataSources:
      - { uid: metrics, name: Metrics, shards: [{ name: s, tenants: [health], replicas: [{ name: r, url: "${shard.url}" }] }] }
    grants:
      - { serviceAccount: admin, role: org-admin }
      - { serviceAccount: editor, role: editor }
      - { team: owners, role: viewer, constraints: ['{env="prod"}'] }
`
  world = await startControlWorld({ access })
  admin = await world.token('health', 'admin')
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-boards-'))
  writeFileSync(join(folder, 'services.json'), boardFile('up'))
  writeFileSync(join(folder, 'config.yaml'), JSON.stringify({ database: { url: world.config.database.url } }))
})
afterAll(async () => {
  await world.close()
  await shard.close()
  rmSync(folder, { recursive: true })
})

const asAdmin = (method: string, path: string, body?: unknown): Promise<ControlAnswer> =>
  world.call(method, `/api/v1${path}`, { token: admin, ...(body === undefined ? {} : { body }) })
/** Allows or ends sharing by link, based on what is there now. */
async function setSharing(allowed: boolean, token = admin): Promise<ControlAnswer> {
  const etag = (await asAdmin('get', '/public-sharing')).headers.get('etag') ?? ''
  const headers = { 'if-match': etag }
  return world.call('put', '/api/v1/public-sharing', { token, body: { allowed }, headers })
}
const query = (token: string, text: string): ReturnType<typeof callApi> =>
  callApi(world.base(), 'query', { token, parameters: { query: text } })
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1_600))

describe('gatehouse dashboards import', () => {
  it('brings dashboards in once, says what it did, and writes events', async () => {
    expect(await importBoards('--folder', 'ops')).toBe('created services version 1: Services')
    expect(await importBoards('--folder', 'ops')).toBe('same services version 1: Services')
    writeFileSync(join(folder, 'services.json'), boardFile('sum(up)'))
    const approved = await importBoards('--folder', 'ops', '--approve', 'metrics', '--as', 'team:owners')
    expect(approved).toBe('changed services version 2: Services')
    const events = await world.sql<{ code: string }>(
      `select code from audit_events where action = 'dashboards:import' order by at`,
    )
    expect(events.map(({ code }) => code)).toEqual(['C007I', 'C008I'])
    const { json } = await asAdmin('get', '/dashboards/services')
    expect(json).toMatchObject({ folderUid: 'ops', approval: { by: { kind: 'team', uid: 'owners' } } })
  })
})

describe('a share link', () => {
  const body = { days: 1, reason: 'for the press' }
  let token = ''
  let uid = ''

  it('is not given unless the org allows it', async () => {
    expect((await asAdmin('get', '/public-sharing')).json).toEqual({ allowed: false })
    expect((await asAdmin('post', '/dashboards/services/share-links', body)).status).toBe(403)
    const editor = await world.token('health', 'editor')
    expect((await setSharing(true, editor)).status).toBe(403)
    const stale = { token: admin, body: { allowed: true }, headers: { 'if-match': '"stale"' } }
    expect((await world.call('put', '/api/v1/public-sharing', stale)).status).toBe(412)
    expect((await setSharing(true)).status).toBe(200)
    const denied = await world.call('post', '/api/v1/dashboards/services/share-links', {
      token: editor,
      body,
    })
    expect(denied.status).toBe(403)
  })

  it('opens one dashboard and its queries, for a time, and nothing else', async () => {
    const made = await asAdmin('post', '/dashboards/services/share-links', body)
    expect(made.status).toBe(201)
    token = made.json.token
    uid = made.json.uid
    const [event] = await world.auditOf(made.requestId)
    expect(event?.code).toBe('A004I')
    expect(JSON.stringify(event)).not.toContain(token)
    expect(
      await world.sql(`select 1 from service_account_tokens where hash like '%' || $1 || '%'`, [token]),
    ).toEqual([])
    await settle()
    const seen = await world.call('get', '/api/v1/dashboards/services', { token })
    expect([seen.status, seen.json.title]).toEqual([200, 'Services'])
    shard.requests.length = 0
    expect((await query(token, 'sum(up)')).status).toBe(200)
    expect(decodeURIComponent(shard.requests[0]?.body ?? '')).toContain('sum(up{tenant="health",env="prod"})')
    for (const text of ['up', 'sum(up) or secret', 'sum(up{a="b"})'])
      expect((await query(token, text)).status, text).toBe(403)
    for (const path of ['/folders/ops', '/dashboards/services/share-links', '/public-sharing'])
      expect((await world.call('get', `/api/v1${path}`, { token })).status, path).toBe(403)
    const etag = { 'if-match': '"2"' }
    const removal = await world.call('delete', '/api/v1/dashboards/services', { token, headers: etag })
    expect(removal.status).toBe(403)
  })

  it('survives the applying of files, and ends when it is ended', async () => {
    const sharing = access.replace('name: Health', 'name: Health\n    publicSharing: true')
    await applyAccess(world.pool, parseAccessDocument(parse(sharing)), { adopt: true })
    await settle()
    expect((await query(token, 'sum(up)')).status).toBe(200)
    const refused = { status: 409, json: { detail: expect.stringContaining('declared in files') } }
    expect(await setSharing(false)).toMatchObject(refused)
    const etag = (await asAdmin('get', '/folders/ops')).headers.get('etag') ?? ''
    const change = { token: admin, headers: { 'if-match': etag }, body: { title: 'Mine', parentUid: null } }
    expect(await world.call('put', '/api/v1/folders/ops', change)).toMatchObject(refused)
    const list = await asAdmin('get', '/dashboards/services/share-links')
    expect(list.json.items).toMatchObject([{ uid, dashboardUid: 'services' }])
    expect((await asAdmin('delete', `/dashboards/other/share-links/${uid}`)).status).toBe(404)
    const ended = await asAdmin('delete', `/dashboards/services/share-links/${uid}`)
    expect([
      ended.status,
      (await asAdmin('delete', `/dashboards/services/share-links/${uid}`)).status,
    ]).toEqual([200, 404])
    await settle()
    expect((await query(token, 'sum(up)')).status).toBe(401)
  })

  it('ends at its time, and with the permission of the org', async () => {
    const short = await asAdmin('post', '/dashboards/services/share-links', {
      days: 3 / 86_400,
      reason: 'short',
    })
    const long = await asAdmin('post', '/dashboards/services/share-links', body)
    await settle()
    expect((await query(short.json.token, 'sum(up)')).status).toBe(200)
    await settle()
    expect((await query(short.json.token, 'sum(up)')).status).toBe(401)
    expect((await query(long.json.token, 'sum(up)')).status).toBe(200)
    await applyAccess(world.pool, parseAccessDocument(parse(access)))
    await settle()
    expect((await query(long.json.token, 'sum(up)')).status).toBe(401)
  })
})
