import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createProgram } from '@gatehouse/cli'
import { parseAccessDocument } from '@gatehouse/authz'
import { readSnapshot, rehearseAccess, withOrg } from '@gatehouse/store'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { parse } from 'yaml'
import { currentAccess, proposedAccess, type Tally, writeAuditedWeek } from '../support/audited-week.ts'
import { type ControlWorld, startControlWorld } from '../support/control-world.ts'

let world: ControlWorld
let tally: Tally
let folder: string
const events = 3_000

const withAuditor = currentAccess
  .replace('grants:', 'grants:\n      - { serviceAccount: auditor, role: auditor }')
  .replace(
    'serviceAccounts:',
    'serviceAccounts:\n      - { uid: auditor, name: Auditor }\n      - { uid: nobody, name: Nobody }',
  )

beforeAll(async () => {
  world = await startControlWorld({ access: currentAccess })
  await world.sql(`update orgs set managed = 'files'`)
  tally = await writeAuditedWeek(world.pool, events, Date.now())
  await world.apply(withAuditor)
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-rehearsal-'))
  writeFileSync(join(folder, 'config.yaml'), JSON.stringify({ database: { url: world.config.database.url } }))
  writeFileSync(join(folder, 'proposal.yaml'), proposedAccess)
  writeFileSync(join(folder, 'same.yaml'), withAuditor)
})
afterAll(async () => {
  await world.close()
  rmSync(folder, { recursive: true })
})

async function run(file: string, ...more: string[]): Promise<{ text: string; exitCode: unknown }> {
  const lines: string[] = []
  const log = vi.spyOn(console, 'log').mockImplementation((line: string) => {
    lines.push(line)
  })
  const config = ['--config.file', join(folder, 'config.yaml')]
  process.exitCode = 0
  try {
    const parameters = ['policy', 'rehearse', join(folder, file), '--since', '8d', ...config, ...more]
    await createProgram().parseAsync(['node', 'gatehouse', ...parameters])
    return { text: lines.join('\n'), exitCode: process.exitCode }
  } finally {
    log.mockRestore()
    process.exitCode = 0
  }
}
const asked = (team: string) => tally.get(team) ?? { metrics: 0, archive: 0, ownMetrics: 0, ownArchive: 0 }
const all = (team: string): number => asked(team).metrics + asked(team).archive
const own = (team: string): number => asked(team).ownMetrics + asked(team).ownArchive

describe('gatehouse policy rehearse', () => {
  it('counts exactly what each group of people would lose and gain', async () => {
    const { text, exitCode } = await run('proposal.yaml', '--output', 'json')
    const [report] = JSON.parse(text).orgs
    expect([report.orgUid, report.requests]).toEqual(['transport', events])
    const requests = (effect: string): number => report.counts[effect].requests
    expect(requests('newly-denied')).toBe(asked('roads').metrics)
    expect(requests('newly-allowed')).toBe(asked('visitors').metrics + asked('readers').ownMetrics)
    // Who asked for production only is answered as before.
    expect(requests('narrowed')).toBe(all('signals') - own('signals'))
    expect(requests('widened')).toBe(all('rail'))
    expect(requests('changed')).toBe(0)
    expect(report.unchanged).toBe(
      all('alerting') +
        own('signals') +
        asked('roads').archive +
        asked('visitors').archive +
        (all('readers') - asked('readers').ownMetrics),
    )
    const given = report.lines.filter((line: { via: string | null }) => line.via === 'model-health')
    expect(given.length).toBeGreaterThan(0)
    for (const { effect, who, query } of given)
      expect([effect, who.name, query]).toEqual([
        'newly-allowed',
        expect.stringMatching(/^Readers/),
        'sum by (model) (rate(ml_predictions_total{env="prod"}[5m]))',
      ])
    expect(exitCode).toBe(1)
    const [first] = report.lines
    expect(first).toMatchObject({
      effect: 'newly-denied',
      action: 'datasources:query',
      dataSource: 'metrics',
      after: [],
    })
    expect(first.who.name).toMatch(/^Roads \d/)
    expect(first.dashboard).not.toBeNull()
    expect(first.allowed).toBeGreaterThan(0)
  })

  it('says it in words, changes nothing, and is an event itself', async () => {
    const before = (await withOrg(world.pool, 'transport', readSnapshot)).policy
    const { text } = await run('proposal.yaml')
    expect(text).toMatch(
      /newly-denied: Roads \d \[user u-[\w-]+\] datasources:query on metrics for dashboard [\w-]+, \d+ allowed/,
    )
    expect(text).toMatch(/narrowed: .*\n {6}\{tenant="transport"\} → \{tenant="transport",env="prod"\}/)
    expect((await withOrg(world.pool, 'transport', readSnapshot)).policy).toEqual(before)
    const rows = await world.sql<{ n: number }>(
      `select count(*)::int as n from audit_events where code = 'A022I'`,
    )
    expect(rows[0]?.n).toBe(2)
  })

  it('is attached to the change when the same files are applied, and to no other', async () => {
    const { text } = await run('same.yaml', '--output', 'json')
    const { uid, documentSha256 } = JSON.parse(text)
    const apply = async (file: string, ...more: string[]): Promise<void> => {
      const config = ['--config.file', join(folder, 'config.yaml')]
      const log = vi.spyOn(console, 'log').mockImplementation(() => undefined)
      try {
        const parameters = ['policy', 'apply', join(folder, file), ...config, ...more]
        await createProgram().parseAsync(['node', 'gatehouse', ...parameters])
      } finally {
        log.mockRestore()
      }
    }
    await expect(apply('proposal.yaml', '--rehearsal', uid)).rejects.toThrow(/other access files/)
    await expect(apply('proposal.yaml', '--rehearsal', 'nothing')).rejects.toThrow(/no such rehearsal/)
    await world.apply(currentAccess)
    await apply('same.yaml', '--rehearsal', uid)
    const rows = await world.sql<{ attached: { change: string }[]; event: { detail: object } }>(
      `select r.attached_to as attached, e.event from rehearsals r
       join audit_events e on e.event ->> 'id' = r.attached_to #>> '{0,change}' where r.uid = $1`,
      [uid],
    )
    expect(rows).toHaveLength(1)
    expect(rows[0]?.event.detail).toMatchObject({ rehearsal: uid, documentSha256 })
  })

  it('ends with 0 where nobody loses anything', async () => {
    const { text, exitCode } = await run('same.yaml')
    expect(text).toContain(`transport: ${events} requests, ${events} unchanged`)
    expect(exitCode).toBe(0)
  })
})

describe('POST /api/v1/access/rehearsals', () => {
  const document = parse(proposedAccess) as { orgs: object[] }
  const post = async (account: string, body: unknown) =>
    world.call('post', '/api/v1/access/rehearsals', { token: await world.token('transport', account), body })

  // oxlint-disable-next-line no-explicit-any -- tests look at any member and compare
  async function finished(uid: string): Promise<any> {
    const token = await world.token('transport', 'auditor')
    for (let i = 0; i < 200; i += 1) {
      const { json } = await world.call('get', `/api/v1/access/rehearsals/${uid}`, { token })
      if (json.state !== 'running') return json
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    throw new Error('the rehearsal does not end')
  }

  it('answers the same, and keeps the report', async () => {
    const made = await post('auditor', { document, days: 8 })
    const { uid, documentSha256 } = made.json
    expect([made.status, made.json.state, made.json.report]).toEqual([202, 'running', null])
    expect(made.headers.get('location')).toBe(`/api/v1/access/rehearsals/${uid}`)
    // One at a time.
    expect((await post('auditor', { document })).status).toBe(429)
    const done = await finished(uid)
    expect(done).toMatchObject({ state: 'done', progress: 1, requests: events, documentSha256 })
    expect(done.report.counts['newly-denied'].requests).toBe(asked('roads').metrics)
    const [begun, ended] = await world.auditOf(made.requestId)
    const resource = { kind: 'rehearsals', uid }
    expect(begun).toMatchObject({ code: 'A022I', resource, detail: { state: 'running', documentSha256 } })
    const { counts } = done.report
    expect(ended).toMatchObject({
      code: 'A022I',
      resource,
      actor: { kind: 'service-account' },
      detail: { state: 'done', documentSha256, requests: events, counts },
    })
    expect(ended?.detail?.['reportSha256']).toMatch(/^[0-9a-f]{64}$/)
  })

  it('says how far it is, and what was interrupted', async () => {
    const seen: number[] = []
    await rehearseAccess(
      world.pool,
      parseAccessDocument(document),
      { since: Date.now() - 8 * 86_400_000, until: Date.now(), now: Date.now() },
      async ({ progress }) => {
        seen.push(progress)
      },
    )
    expect([seen.at(-1), seen.toSorted((a, b) => a - b)]).toEqual([1, seen])
    await world.sql(
      `insert into rehearsals (org_uid, uid, document_sha256, since, until, created_by, state, progress, requests, alive_at)
       values ('transport', 'lost', repeat('a', 64), now() - interval '1 day', now(), 'x', 'running', 0.4, 40, now() - interval '2 minutes')`,
    )
    const token = await world.token('transport', 'auditor')
    const { json } = await world.call('get', '/api/v1/access/rehearsals/lost', { token })
    expect(json).toMatchObject({ state: 'failed', progress: 0.4, report: null })
    expect(json.failure).toContain('interrupted')
    const list = await world.call('get', '/api/v1/access/rehearsals', { token })
    expect(list.json.items.find((item: { uid: string }) => item.uid === 'lost')).toMatchObject({
      state: 'failed',
    })
    expect(list.json.items.every((item: object) => !('report' in item))).toBe(true)
  })

  it('is attached to the change it was made for, which is an event', async () => {
    const { json } = await post('auditor', { document, days: 1 })
    await finished(json.uid)
    const token = await world.token('transport', 'auditor')
    const path = `/api/v1/access/rehearsals/${json.uid}`
    const attached = await world.call('post', `${path}/attach`, { token, body: { change: 'commit 4f2a' } })
    expect(attached.json.attachedTo).toMatchObject([{ change: 'commit 4f2a', by: 'auditor' }])
    const [event] = await world.auditOf(attached.requestId)
    expect(event).toMatchObject({ code: 'A022I', detail: { state: 'attached', change: 'commit 4f2a' } })
    const unfinished = await world.call('post', '/api/v1/access/rehearsals/lost/attach', {
      token,
      body: { change: 'x' },
    })
    expect(unfinished.status).toBe(409)
    const nothing = await world.call('post', '/api/v1/access/rehearsals/nothing/attach', {
      token,
      body: { change: 'x' },
    })
    expect(nothing.status).toBe(404)
  })

  it('looks at a shorter past if told to', async () => {
    const { json } = await post('auditor', { document, days: 1 })
    const { report } = await finished(json.uid)
    expect(report.requests).toBeGreaterThan(events / 9)
    expect(report.requests).toBeLessThan(events / 5)
  })

  it('is for who may ask why others may, about their own org', async () => {
    expect((await post('nobody', { document })).status).toBe(403)
    const other = { ...document, orgs: document.orgs.map((org) => ({ ...org, uid: 'health' })) }
    expect((await post('auditor', { document: other })).status).toBe(400)
    expect(
      (await post('auditor', { document: { ...document, orgs: [...document.orgs, ...other.orgs] } })).status,
    ).toBe(400)
    expect((await post('auditor', { document: 'x' })).status).toBe(400)
    const token = await world.token('transport', 'auditor')
    expect((await world.call('get', '/api/v1/access/rehearsals/nothing', { token })).status).toBe(404)
  })
})
