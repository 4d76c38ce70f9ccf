import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createProgram } from '@gatehouse/cli'
import { readSnapshot, withOrg } from '@gatehouse/store'
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
const asked = (team: string) => tally.get(team) ?? { metrics: 0, archive: 0 }
const all = (team: string): number => asked(team).metrics + asked(team).archive

describe('gatehouse policy rehearse', () => {
  it('counts exactly what each group of people would lose and gain', async () => {
    const { text, exitCode } = await run('proposal.yaml', '--output', 'json')
    const [report] = JSON.parse(text).orgs
    expect([report.orgUid, report.requests]).toEqual(['transport', events])
    const requests = (effect: string): number => report.counts[effect].requests
    expect(requests('newly-denied')).toBe(asked('roads').metrics)
    expect(requests('newly-allowed')).toBe(asked('visitors').metrics)
    expect(requests('narrowed')).toBe(all('signals'))
    expect(requests('widened')).toBe(all('rail'))
    expect(requests('changed')).toBe(0)
    expect(report.unchanged).toBe(all('alerting') + asked('roads').archive + asked('visitors').archive)
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

  it('answers the same, and keeps the report', async () => {
    const made = await post('auditor', { document, days: 8 })
    expect([made.status, made.json.report?.requests]).toEqual([201, events])
    expect(made.json.report.counts['newly-denied'].requests).toBe(asked('roads').metrics)
    const token = await world.token('transport', 'auditor')
    const read = await world.call('get', `/api/v1/access/rehearsals/${made.json.uid}`, { token })
    expect(read.json).toEqual(made.json)
    const [event] = await world.auditOf(made.requestId)
    expect(event).toMatchObject({ code: 'A022I', resource: { kind: 'rehearsals', uid: made.json.uid } })
    expect(event?.detail?.['documentSha256']).toBe(made.json.documentSha256)
  })

  it('looks at a shorter past if told to', async () => {
    const { json } = await post('auditor', { document, days: 1 })
    expect(json.report.requests).toBeGreaterThan(events / 9)
    expect(json.report.requests).toBeLessThan(events / 5)
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
