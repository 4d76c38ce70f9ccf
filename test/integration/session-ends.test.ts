import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AccessApiWorld, startAccessApiWorld } from '../support/access-api-world.ts'

let world: AccessApiWorld
beforeAll(async () => {
  world = await startAccessApiWorld()
})
afterAll(() => world.close())

const current = '/api/v1/sessions/current'
const uidOf = (cookie: string) => world.call('get', current, { cookie }).then(({ json }) => String(json.uid))
const set = (uid: string, what: string) => world.sql(`update sessions set ${what} where uid = '${uid}'`)

describe('the end of a session', () => {
  it('is told without putting it off, and put off when somebody says so', async () => {
    const { cookie } = await world.person('health', 'told', ['health-crew'])
    const uid = await uidOf(cookie)
    await set(uid, `last_seen_at = now() - interval '50 minutes'`)
    const soon = await world.call('get', current, { cookie })
    const left = Date.parse(soon.json.expiresAt) - Date.parse(soon.json.now)
    expect(left).toBeGreaterThan(9 * 60_000)
    expect(left).toBeLessThan(10 * 60_000 + 1)
    expect((await world.call('get', current, { cookie })).json.idleEndsAt).toBe(soon.json.idleEndsAt)
    const extended = await world.call('post', `${current}/extend`, { cookie })
    expect(Date.parse(extended.json.idleEndsAt) - Date.parse(extended.json.now)).toBeGreaterThan(59 * 60_000)
    expect(extended.json.lifetimeEndsAt).toBe(soon.json.lifetimeEndsAt)
    expect((await world.auditOf(extended.requestId))[0]).toMatchObject({
      action: 'sessions:extend',
      orgUid: 'health',
      actor: { credential: { id: uid } },
    })
  })

  it('comes by idleness, by the whole lifetime, and cannot be extended then', async () => {
    for (const what of [
      `last_seen_at = now() - interval '2 hours'`,
      `expires_at = now() - interval '1 second'`,
      'revoked_at = now()',
    ]) {
      const { cookie } = await world.person('health', `ended ${what}`, ['health-crew'])
      expect((await world.call('get', '/api/v1/me', { cookie })).status).toBe(200)
      await set(await uidOf(cookie), what)
      await expect
        .poll(async () => (await world.call('get', '/api/v1/me', { cookie })).status, { timeout: 3_000 })
        .toBe(401)
      for (const [method, path] of [
        ['get', current],
        ['post', `${current}/extend`],
      ] as const)
        expect((await world.call(method, path, { cookie })).status).toBe(401)
    }
    expect((await world.call('get', current)).status).toBe(401)
  })

  it('is extended by no other site', async () => {
    const { cookie } = await world.person('health', 'crossed', ['health-crew'])
    const headers = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
    expect((await world.call('post', `${current}/extend`, { cookie, headers })).status).toBe(403)
  })
})

describe('my own sessions', () => {
  it('are listed and ended by me, whatever my role; those of others are not there', async () => {
    const first = await world.person('health', 'mine', ['health-crew'])
    const second = await world.person('health', 'mine', ['health-crew'])
    const other = await world.person('health', 'theirs', ['health-crew'])
    const mine = await world.call('get', '/api/v1/me/sessions', { cookie: first.cookie })
    expect(mine.json.items).toHaveLength(2)
    expect(mine.json.items.filter(({ isCurrent }: { isCurrent: boolean }) => isCurrent)).toMatchObject([
      { uid: await uidOf(first.cookie) },
    ])
    const end = (uid: string) => world.call('delete', `/api/v1/me/sessions/${uid}`, { cookie: first.cookie })
    expect((await end(await uidOf(other.cookie))).status).toBe(404)
    const ended = await end(await uidOf(second.cookie))
    expect(ended.status).toBe(200)
    expect((await world.auditOf(ended.requestId)).map(({ code }) => code)).toEqual(['L003I'])
    await expect
      .poll(async () => (await world.call('get', '/api/v1/me', second)).status, { timeout: 3_000 })
      .toBe(401)
    expect((await world.call('get', '/api/v1/me', other)).status).toBe(200)
  })
})
