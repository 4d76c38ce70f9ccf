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
]
