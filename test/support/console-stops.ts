import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'

/** One view of the console: for the accessibility checks and the pictures in the docs. */
export interface Stop {
  readonly name: string
  /** Sign-in name in the demo; undefined for a view without a session. */
  readonly person: string | undefined
  readonly path: string
  /** What to do there first. */
  readonly before?: (page: Page) => Promise<void>
}

const rate = 'sum by (model) (rate(ml_predictions_total[5m]))'

function explore(tab: string, expr = rate): string {
  return `/explore?${new URLSearchParams({ 'g0.expr': expr, 'g0.tab': tab, 'g0.range_input': '1h' }).toString()}`
}

async function openDashboard(page: Page): Promise<void> {
  await page
    .getByRole('link', { name: /model health/i })
    .first()
    .click()
  const panels = page.locator('.panel')
  await panels.first().waitFor()
  // A panel asks for its data when it comes near.
  for (const panel of await panels.all()) await panel.scrollIntoViewIfNeeded()
  await panels.first().scrollIntoViewIfNeeded()
}

/** An answered query, which has most to show; without one, whatever is newest. */
async function openEvent(page: Page): Promise<void> {
  const queries = page.locator('tbody tr', { hasText: 'Query answered' })
  const rows = (await queries.count()) > 0 ? queries : page.locator('tbody tr')
  await rows.first().locator('button.link').click()
}

async function previewGuardrail(page: Page): Promise<void> {
  await page.getByLabel('Selector').fill('{env="experiment"}')
  await page.getByLabel('Reason').fill('Experiments are shown by name only')
  await page.getByRole('button', { name: 'See what this changes' }).click()
  await page.getByRole('region', { name: 'What this changes' }).waitFor()
}

/** The demo's access of the revenue agency, but that administrators would see production alone. */
export async function rehearse(page: Page): Promise<void> {
  const file = readFileSync(join(import.meta.dirname, '../../deploy/local/demo-access.yaml'), 'utf8')
  const at = file.indexOf('role: org-admin }', file.indexOf('uid: revenue'))
  const proposal = `${file.slice(0, at)}role: org-admin, constraints: ['{env="prod"}'] }${file.slice(at + 'role: org-admin }'.length)}`
  await page.getByLabel('Its text').fill(proposal)
  await page.getByRole('button', { name: 'Begin the rehearsal' }).click()
  await page.getByRole('heading', { name: 'What would change' }).waitFor()
}

/** Asks the API as the person of the page; what it answers. */
async function api(
  page: Page,
  method: string,
  path: string,
  json: unknown,
  more: Readonly<Record<string, string>> = {},
): Promise<unknown> {
  const headers = {
    'content-type': 'application/json',
    'idempotency-key': `stop-${method}-${path.replaceAll('/', '-')}`,
    ...more,
  }
  const body = method === 'GET' ? undefined : JSON.stringify(json)
  return page.evaluate(
    `fetch(${JSON.stringify(path)}, ${JSON.stringify({ method, headers, body })}).then((r) => r.json())`,
  )
}

async function goTo(page: Page, path: string): Promise<void> {
  await page.goto(new URL(path, page.url()).href)
}

/** A guardrail that hides nothing that the other screens show; the same one however often it is made. */
async function openGuardrail(page: Page): Promise<void> {
  const guardrail = { selector: '{env="lab"}', reason: 'Nobody needs the lab’s series' }
  const made = (await api(page, 'POST', '/api/v1/guardrails', guardrail)) as { uid: string }
  await goTo(page, `/access/guardrails/${made.uid}`)
}

async function editRole(page: Page): Promise<void> {
  const permissions = [{ action: 'datasources:query', scope: 'datasources:*' }]
  const role = { name: 'reviewer', version: 1, description: 'Reads series, and nothing else', permissions }
  await api(page, 'POST', '/api/v1/roles', role)
  await goTo(page, '/access/roles/reviewer/edit')
}

function boardOf(title: string, expr: string): object {
  const panel = {
    id: 1,
    type: 'timeseries',
    title: 'Predictions per second',
    targets: [{ refId: 'A', expr }],
  }
  return {
    uid: 'predictions',
    title,
    schemaVersion: 39,
    panels: [{ ...panel, gridPos: { x: 0, y: 0, w: 24, h: 8 } }],
  }
}

async function giveBoard(page: Page): Promise<void> {
  await page.getByLabel('Or its JSON').fill(JSON.stringify(boardOf('Predictions of the day', rate)))
  await page.getByRole('heading', { name: 'Predictions of the day' }).waitFor()
}

/** A dashboard that was changed once. */
async function openVersions(page: Page): Promise<void> {
  const path = '/api/v1/dashboards'
  const first = boardOf('Predictions', 'ml_predictions_total')
  await api(page, 'POST', path, { content: first, message: 'First try' })
  await api(
    page,
    'PUT',
    `${path}/predictions`,
    { content: boardOf('Predictions', rate), message: 'As a rate' },
    { 'if-match': '"1"' },
  )
  await goTo(page, '/dashboards/predictions/versions')
}

/** A dashboard as somebody sees it who has a link and no account. */
async function openShared(page: Page): Promise<void> {
  const path = '/api/v1/dashboards/model-health/share-links'
  // Its token is told once, so each link is made anew.
  const once = { 'idempotency-key': `stop-${Date.now()}` }
  const made = (await api(page, 'POST', path, { days: 1, reason: 'For the council' }, once)) as {
    token: string
  }
  await goTo(page, `/dashboards/shared/model-health#${made.token}`)
  await page.getByRole('heading', { level: 1, name: 'Model health' }).waitFor()
  await page.locator('.panel').first().waitFor()
}

/** Every screen of the console, as the person who has most use for it. A new screen gets its line here. */
export const stops: readonly Stop[] = [
  { name: 'sign-in', person: undefined, path: '/' },
  { name: 'home', person: 'asha', path: '/' },
  { name: 'home-admin', person: 'rosa', path: '/' },
  { name: 'explore-empty', person: 'asha', path: '/explore' },
  { name: 'explore-table', person: 'asha', path: explore('table', 'ml_predictions_total') },
  { name: 'explore-graph', person: 'asha', path: explore('graph') },
  { name: 'explore-enforced', person: 'asha', path: explore('enforced') },
  { name: 'explore-plan', person: 'asha', path: explore('plan') },
  { name: 'explore-nothing', person: 'asha', path: explore('table', 'ml_predictions_total{team="triage"}') },
  { name: 'dashboards', person: 'asha', path: '/dashboards' },
  { name: 'dashboard', person: 'asha', path: '/dashboards', before: openDashboard },
  { name: 'audit', person: 'harry', path: '/audit' },
  { name: 'audit-integrity', person: 'harry', path: '/audit?show=integrity' },
  {
    name: 'audit-event',
    person: 'rosa',
    path: '/audit',
    before: openEvent,
  },
  { name: 'audit-export', person: 'rosa', path: '/audit?show=exports' },
  {
    name: 'access-why',
    person: 'rosa',
    path: '/access/why',
    before: (page) => page.getByRole('button', { name: 'Explain' }).click(),
  },
  { name: 'access-who', person: 'rosa', path: '/access/who?selector=ml_predictions_total' },
  { name: 'access-people', person: 'rosa', path: '/access/people' },
  {
    name: 'access-person',
    person: 'rosa',
    path: '/access/people',
    before: (page) => page.getByRole('link', { name: 'Rosa Lind' }).click(),
  },
  { name: 'access-team', person: 'rosa', path: '/access/teams/fraud' },
  { name: 'access-roles', person: 'rosa', path: '/access/roles' },
  { name: 'access-role', person: 'rosa', path: '/access/roles/ml-engineer' },
  { name: 'access-new-role', person: 'rosa', path: '/access/roles/new?like=viewer' },
  { name: 'access-grants', person: 'rosa', path: '/access/grants' },
  { name: 'access-new-grant', person: 'rosa', path: '/access/grants/new?subject=team:credit' },
  { name: 'access-data-sources', person: 'rosa', path: '/access/data-sources' },
  { name: 'access-new-guardrail', person: 'rosa', path: '/access/guardrails/new', before: previewGuardrail },
  { name: 'access-rehearsals', person: 'rosa', path: '/access/rehearsals' },
  { name: 'access-new-rehearsal', person: 'rosa', path: '/access/rehearsals/new' },
  { name: 'access-rehearsal', person: 'rosa', path: '/access/rehearsals/new', before: rehearse },
  { name: 'access-service-account', person: 'rosa', path: '/access/service-accounts/revenue-fraud' },
  { name: 'access-requests', person: 'rosa', path: '/access/requests' },
  { name: 'system', person: 'olga', path: '/system' },
  { name: 'forbidden', person: 'tom', path: '/system' },
  {
    name: 'help',
    person: 'asha',
    path: explore('table'),
    before: (page) => page.getByRole('button', { name: 'Help' }).click(),
  },
  { name: 'sessions', person: 'asha', path: '/access/sessions' },
  { name: 'accessibility', person: 'asha', path: '/accessibility' },
  { name: 'missing', person: 'asha', path: '/nothing-here' },
  { name: 'signed-out', person: undefined, path: '/signed-out' },
  { name: 'access-ask', person: 'asha', path: '/access/ask' },
  { name: 'access-teams', person: 'rosa', path: '/access/teams' },
  { name: 'access-service-accounts', person: 'rosa', path: '/access/service-accounts' },
  {
    name: 'access-grant',
    person: 'rosa',
    path: '/access/grants',
    before: (page) => page.getByRole('link', { name: /^g-/ }).first().click(),
  },
  { name: 'dashboard-import', person: 'rosa', path: '/dashboards/import', before: giveBoard },
  // These make what they show, so they come last.
  { name: 'dashboard-shared', person: 'rosa', path: '/dashboards', before: openShared },
  { name: 'dashboard-versions', person: 'rosa', path: '/dashboards', before: openVersions },
  { name: 'access-edit-role', person: 'rosa', path: '/access/roles', before: editRole },
  { name: 'access-guardrail', person: 'rosa', path: '/access/data-sources', before: openGuardrail },
]
