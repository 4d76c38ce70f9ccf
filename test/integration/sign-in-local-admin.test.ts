import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createProgram } from '@gatehouse/cli'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type AccessApiWorld, startAccessApiWorld } from '../support/access-api-world.ts'

const dataOwners = [{ org: 'health', webhook: { url: 'http://127.0.0.1:9/', secret: { value: 's' } } }]
const localAdmin = { orgs: ['health'] }
let world: AccessApiWorld
let dir: string

beforeAll(async () => {
  world = await startAccessApiWorld({ notifications: { dataOwners }, control: { localAdmin } })
  dir = mkdtempSync(join(tmpdir(), 'gatehouse-local-admin-'))
  const { database, control } = world.config
  const write = (name: string, more: object): void =>
    writeFileSync(
      join(dir, name),
      JSON.stringify({
        database: { url: database.url },
        control: { listenAddress: control.listenAddress, ...more },
      }),
    )
  write('on.yaml', { localAdmin })
  write('off.yaml', {})
})
afterAll(async () => {
  await world.close()
  rmSync(dir, { recursive: true })
})

async function newCode(config = 'on.yaml', org = 'health'): Promise<string> {
  const lines: string[] = []
  const log = vi.spyOn(console, 'log').mockImplementation((line: string) => lines.push(line))
  const error = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  const reason = ['--reason', 'The identity provider is down']
  try {
    const args = ['auth', 'local-admin', '--org', org, ...reason, '--config.file', join(dir, config)]
    await createProgram().parseAsync(['node', 'gatehouse', ...args])
  } finally {
    log.mockRestore()
    error.mockRestore()
  }
  return lines.join('\n')
}

let addresses = 0
async function present(code: string, from = `10.7.0.${(addresses += 1)}`) {
  const response = await fetch(`${world.control.url}/login/local`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'sec-fetch-site': 'same-origin', 'x-forwarded-for': from },
    body: new URLSearchParams({ code }),
  })
  const [cookie = ''] = response.headers.getSetCookie()
  return { status: response.status, cookie: cookie.split(';')[0] ?? '', response }
}

describe('a local administrator', () => {
  it('signs in with a code, once, administers for an hour, and everybody concerned is told', async () => {
    await world.sql(`update orgs set managed = 'files' where uid = 'health'`)
    const code = await newCode()
    expect(code).toMatch(/^[\w-]{43}$/)
    expect(JSON.stringify(await world.sql('select * from local_admin_codes'))).not.toContain(code)
    const [first, second] = await Promise.all([present(code), present(code)])
    expect([first.status, second.status].toSorted((a, b) => a - b)).toEqual([303, 401])
    expect((await present(code)).status).toBe(401)
    const { cookie } = first.status === 303 ? first : second
    const me = await world.call('get', '/api/v1/me', { cookie })
    expect(me.json).toMatchObject({
      name: 'Local administrator',
      org: { uid: 'health' },
      orgs: [{ uid: 'health' }],
    })
    expect(me.json.roles).toMatchObject([{ name: 'org-admin' }])
    expect((await world.call('get', '/api/v1/users', { cookie })).status).toBe(200)
    const ends = await world.call('get', '/api/v1/sessions/current', { cookie })
    const left = Date.parse(ends.json.lifetimeEndsAt) - Date.now()
    expect(left).toBeLessThanOrEqual(3_600_000)
    const [grant] = await world.sql<{ minutes: number }>(
      `select extract(epoch from expires_at - now()) / 60 as minutes from grants where origin = 'break-glass'`,
    )
    expect(Number(grant?.minutes)).toBeLessThanOrEqual(60)
    const events = await world.sql<{ code: string; detail: { reason: string; madeBy: string } }>(
      `select event ->> 'code' as code, event -> 'detail' as detail from audit_events where event ->> 'code' in ('X006I', 'X007I') order by at`,
    )
    expect(events.map((event) => event.code)).toEqual(['X007I', 'X006I'])
    for (const { detail } of events) expect(detail.reason).toBe('The identity provider is down')
    const notices = await world.sql<{ message: { kind: string; text: string } }>(
      'select message from notices',
    )
    expect(notices.map(({ message }) => message.kind)).toEqual(['local-admin-signed-in'])
    expect(notices[0]?.message.text).toContain('The identity provider is down')
    const listed = await world.as('health/auditor', 'get', '/access/break-glass')
    expect(listed.json.items).toMatchObject([{ reason: 'The identity provider is down', reviewedAt: null }])
    // What it holds ends with the grant, whatever the session is.
    await world.sql(
      `update grants set expires_at = now() - interval '1 second', not_before = null where origin = 'break-glass'`,
    )
    await expect
      .poll(async () => (await world.call('get', '/api/v1/users', { cookie })).status, { timeout: 12_000 })
      .toBe(403)
    await world.sql(`update orgs set managed = 'api' where uid = 'health'`)
  })

  it('is refused with a code that is old, wrong, twice there, or of an org that does not allow it', async () => {
    const old = await newCode()
    await world.sql(`update local_admin_codes set expires_at = now() - interval '1 second'`)
    expect((await present(old)).status).toBe(401)
    expect((await present('x'.repeat(43))).status).toBe(401)
    expect((await present('')).status).toBe(401)
    await expect(newCode('on.yaml', 'transport')).rejects.toThrow(/localAdmin/)
    const refused = await present('y'.repeat(43))
    const requestId = refused.response.headers.get('x-request-id') ?? ''
    expect((await world.auditOf(requestId)).map((event) => event.code)).toEqual(['X006D'])
    const code = await newCode()
    await world.sql(`update local_admin_codes set org_uid = 'transport'`)
    expect((await present(code)).status).toBe(401)
  })

  it('is slowed down after a few tries of one address', async () => {
    const statuses: number[] = []
    for (let i = 0; i < 7; i += 1) statuses.push((await present('z'.repeat(43), '10.8.0.1')).status)
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429])
    const code = await newCode()
    expect((await present(code, '10.8.0.1')).status).toBe(429)
    expect((await present(code, '10.8.0.2')).status).toBe(303)
  })

  it('is not offered unless the configuration says so, nor where nobody would be told', async () => {
    await expect(newCode('off.yaml')).rejects.toThrow(/localAdmin/)
    const off = await startAccessApiWorld()
    try {
      for (const method of ['GET', 'POST'])
        expect((await fetch(`${off.control.url}/login/local`, { method })).status).toBe(404)
    } finally {
      await off.close()
    }
    await expect(startAccessApiWorld({ control: { localAdmin } })).rejects.toThrow(/data owner/)
  })

  it('has a page that needs no script', async () => {
    const page = await fetch(`${world.control.url}/login/local`)
    expect([page.status, page.headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect(page.headers.get('content-security-policy')).not.toContain('script')
    expect(await page.text()).toContain('<label for="code">')
  })
})
