import { execFileSync } from 'node:child_process'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { temporaryDir } from '@gatehouse/local'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { rehearse } from '../support/console-stops.ts'
import { type Demo, settled, startDemo } from '../support/demo.ts'

let demo: Demo
let browser: Browser
let context: BrowserContext

beforeAll(async () => {
  demo = await startDemo({ portBase: 29_620 })
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser?.close()
  await demo?.stop()
})
beforeEach(async () => {
  context = await browser.newContext({
    locale: 'en-GB',
    viewport: { width: 1280, height: 900 },
    acceptDownloads: true,
  })
})
afterEach(() => context.close())

/** Presses Tab until what has the focus fits; a person without a mouse has no other way. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  for (let presses = 0; presses < 80; presses += 1) {
    await page.keyboard.press('Tab')
    const said = await page.evaluate(
      `(() => { const e = document.activeElement; return (e?.getAttribute('aria-label') ?? e?.labels?.[0]?.textContent ?? e?.textContent ?? '').trim() })()`,
    )
    if (name.test(String(said))) return
  }
  throw new Error(`Tab never reached ${name}`)
}

describe('an org admin', () => {
  it('gives access after seeing whom it affects, finds who can see a metric, and revokes it', async () => {
    const page = await demo.pageOf(context, 'rosa', '/access/grants/new')
    await page.getByRole('combobox', { name: 'To whom' }).fill('Fraud auto')
    await page.getByRole('option', { name: /Fraud automation/ }).click()
    await page.getByLabel('Only series that fit one of these').fill('{env="experiment"}')
    await page.getByLabel('Reason').fill('A journey of the tests')
    // What she does not hold she cannot give: that is said before and after trying, and nothing typed is lost.
    await page.getByLabel('Role').selectOption('operator')
    await page.getByRole('button', { name: 'See what this changes' }).click()
    await page.getByText('which you do not hold yourself').waitFor()
    await page.getByRole('button', { name: 'Make this grant' }).click()
    await page.getByText('The grant was not made').waitFor()
    expect(await page.getByLabel('Only series that fit one of these').inputValue()).toBe('{env="experiment"}')

    await page.getByLabel('Role').selectOption('viewer')
    await page.getByRole('button', { name: 'See what this changes' }).click()
    const preview = page.getByRole('region', { name: 'What this changes' })
    await preview.waitFor()
    await page.getByRole('button', { name: 'Make this grant' }).click()
    await page.getByRole('heading', { level: 1, name: /^Grant g-/ }).waitFor()
    const uid = page.url().split('/').at(-1) ?? ''
    expect(uid).toMatch(/^g-/)

    await page.getByRole('link', { name: 'Who can see' }).click()
    await page.getByLabel('Metric or selector').fill('ml_predictions_total')
    await page.getByRole('button', { name: 'Find out' }).click()
    const table = page.getByRole('table', { name: 'Who can see this' })
    await table.waitFor()
    expect(await table.innerText()).toContain('Rosa Lind')

    await table.getByRole('link', { name: `grant ${uid}` }).click()
    await page.getByRole('button', { name: 'Revoke' }).click()
    const dialog = page.getByRole('dialog', { name: 'Revoke this grant' })
    await dialog.getByRole('region', { name: 'What this changes' }).waitFor()
    await dialog.getByRole('button', { name: 'Revoke this grant' }).click()
    await page.getByRole('heading', { level: 1, name: 'Grants' }).waitFor()
    await settled(page)
    expect(await page.getByRole('table', { name: 'Grants' }).innerText()).not.toContain(uid)
  })

  it('finds who can see a metric and revokes the grant behind it, with the keyboard alone', async () => {
    const page = await demo.pageOf(context, 'rosa', '/access/who')
    const json = {
      subject: { kind: 'service-account', uid: 'revenue-dashboards' },
      role: 'viewer',
      where: { kind: 'org' },
    }
    const uid = String(
      await page.evaluate(
        `fetch('/api/v1/grants', { method: 'POST', headers: { 'content-type': 'application/json', 'idempotency-key': '${Date.now()}' }, body: '${JSON.stringify(json)}' }).then((r) => r.json()).then((made) => made.uid)`,
      ),
    )
    await tabTo(page, /^Metric or selector/)
    await page.keyboard.insertText('ml_predictions_total')
    await page.keyboard.press('Enter')
    await page.getByRole('table', { name: 'Who can see this' }).waitFor()
    await tabTo(page, new RegExp(`grant ${uid}`))
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: `Grant ${uid}` }).waitFor()
    await tabTo(page, /^Revoke$/)
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').getByRole('region', { name: 'What this changes' }).waitFor()
    await tabTo(page, /^Revoke this grant$/)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'Grants' }).waitFor()
  })

  it('sees each step from the identity provider to the permission, with the keyboard alone', async () => {
    const page = await demo.pageOf(context, 'rosa', '/access/why')
    await tabTo(page, /^Explain$/)
    await page.keyboard.press('Enter')
    await page.getByText('Every grant that was looked at').waitFor()
    const verdict = await page.getByRole('status').filter({ hasText: 'may read series' }).innerText()
    expect(verdict).toContain('allowed')
    const chain = await page.locator('.chain').first().innerText()
    for (const step of ['identity provider', 'team', 'grant g-', 'role', 'permission datasources:query'])
      expect(chain).toContain(step)
  })

  it('tries a change on what was asked before it is made', async () => {
    const page = await demo.pageOf(context, 'rosa', '/explore?g0.expr=sum(up)')
    await page.getByRole('table').waitFor()
    await page.goto(`${demo.url}/access/rehearsals`)
    await page.getByRole('link', { name: 'New rehearsal' }).click()
    await page.getByLabel('Its text').fill('orgs: [{ uid: health }]')
    await page.getByRole('button', { name: 'Begin the rehearsal' }).click()
    await page.getByText('This is no access file').waitFor()
    await rehearse(page)
    const row = page
      .getByRole('table', { name: 'Lines of the report' })
      .getByRole('row', { name: /Rosa Lind/ })
    expect(await row.first().innerText()).toContain('narrowed')
    await row.first().getByRole('button', { name: 'Rosa Lind' }).click()
    const after = page.getByRole('dialog').getByRole('region', { name: 'Would see' })
    expect(await after.innerText()).toContain('env="prod"')
    await page.keyboard.press('Escape')
    await page.getByLabel('Attach it to a change').fill('change 12')
    await page.getByRole('button', { name: 'Attach' }).click()
    await page.getByRole('listitem').filter({ hasText: 'change 12' }).waitFor()
    await page.getByRole('link', { name: 'Rehearsals' }).click()
    await page.getByRole('cell', { name: 'change 12' }).waitFor()
  })

  it('hides series from everybody, and changes that only knowing what others did meanwhile', async () => {
    const page = await demo.pageOf(context, 'rosa', '/access/guardrails/new')
    await page.getByLabel('Selector').fill('{env="shadow"}')
    await page.getByLabel('Reason').fill('A journey of the tests')
    const see = page.getByRole('button', { name: 'See what this changes' })
    const save = page.getByRole('button', { name: 'Save the guardrail' })
    await see.click()
    await page.getByText(/accounts are affected: .* fewer series/).waitFor()
    await save.click()
    await page.getByRole('link', { name: 'Change the guardrail {env="shadow"}' }).click()
    await page.getByLabel('Reason').fill('Mine')
    const path = page.url().replace('/access/', '/api/v1/')
    // As another admin would, in another tab.
    const status = await page.evaluate(
      `fetch('${path}').then((r) => fetch('${path}', { method: 'PUT', headers: { 'content-type': 'application/json', 'if-match': r.headers.get('etag') }, body: JSON.stringify({ selector: '{env="shadow"}', reason: 'Theirs' }) })).then((r) => r.status)`,
    )
    expect(status).toBe(200)
    await see.click()
    await save.click()
    await page.getByText('because “Theirs”').waitFor()
    expect(await page.getByLabel('Reason').inputValue()).toBe('Mine')
    await page.getByRole('button', { name: 'Keep what I typed' }).click()
    await see.click()
    await save.click()
    await page.getByText('Mine', { exact: true }).waitFor()
    await page.getByRole('link', { name: 'Change the guardrail {env="shadow"}' }).click()
    await page.getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('button', { name: 'Delete this guardrail' }).click()
    await page.getByText('There is none.').waitFor()
  })

  it('makes a token, sees it once, and revokes it', async () => {
    const page = await demo.pageOf(context, 'rosa', '/access/service-accounts')
    await page.getByRole('link', { name: 'Fraud automation' }).click()
    await page.getByRole('button', { name: 'New token' }).click()
    const name = `journey ${Date.now()}`
    await page.getByLabel('What it is for').fill(name)
    await page.getByRole('button', { name: 'Make the token' }).click()
    const once = page.getByRole('dialog', { name: 'Your new token' })
    const token = (await once.locator('code').first().innerText()).trim()
    expect(token).toMatch(/^gatehouse_sa_/)
    const ask = (): Promise<Response> =>
      fetch(`${demo.gatewayUrl}/prom/metrics/api/v1/query?query=1`, {
        headers: { authorization: `Bearer ${token}` },
      })
    expect((await ask()).status).toBe(200)

    // Every setup holds this token, for the data source that the account reaches.
    const setupOf = async (tool: string, piece: string): Promise<string> => {
      await once.getByRole('tab', { name: tool }).click()
      return (await once.getByRole('region', { name: `${tool}: ${piece}` }).innerText()).trim()
    }
    const grafana = await setupOf('Grafana', 'provisioning/datasources/gatehouse.yaml')
    expect(grafana).toContain('name: "metrics (revenue/revenue-fraud)"\n')
    expect(grafana).toContain('httpHeaderName1: Authorization\n')
    expect(grafana).toContain(`httpHeaderValue1: Bearer ${token}`)
    expect(grafana).not.toContain('oauthPassThru')
    expect(await setupOf('promtool', 'gatehouse-http.yml')).toContain(`credentials: ${token}`)
    expect(await setupOf('Perses', 'secret.yaml')).toContain(`credentials: ${token}`)
    const dir = temporaryDir()
    writeFileSync(join(dir.path, 'gatehouse.curl'), await setupOf('curl', 'gatehouse.curl'))
    const command = (await setupOf('curl', 'In a shell')).replace(/'http[^']*'/, (url) => {
      expect(url).toContain('/prom/metrics/')
      return `'${demo.gatewayUrl}/prom/metrics/api/v1/query'`
    })
    expect(execFileSync('sh', ['-c', command], { cwd: dir.path, encoding: 'utf8' })).toContain('"success"')
    dir.remove()
    await once.getByRole('button', { name: 'I have copied it' }).click()
    await page
      .getByRole('row', { name: new RegExp(name) })
      .getByRole('button', { name: 'Revoke' })
      .click()
    await page.getByRole('button', { name: `Revoke ${name}` }).click()
    await page
      .getByRole('row', { name: new RegExp(name) })
      .getByText('revoked')
      .waitFor()
    await expect.poll(async () => (await ask()).status, { timeout: 10_000 }).toBe(401)
    expect(await page.locator('body').innerText()).not.toContain(token)
  })
})

describe('anybody', () => {
  it('signs out everywhere', async () => {
    const elsewhere = await browser.newContext({ locale: 'en-GB' })
    const other = await demo.pageOf(elsewhere, 'tom')
    const page = await demo.pageOf(context, 'tom')
    await page.getByRole('button', { name: /^Account/ }).click()
    await page.getByRole('link', { name: 'Where you are signed in' }).click()
    const rows = page.getByRole('table', { name: 'Where you are signed in' }).locator('tbody tr')
    await rows.nth(1).waitFor()
    await page.getByRole('button', { name: 'Sign out everywhere' }).click()
    await page.waitForURL((url) => !url.pathname.startsWith('/access'))
    const statusOf = (one: Page): Promise<unknown> =>
      one.evaluate(`fetch('${demo.url}/api/v1/me').then(({ status }) => status)`)
    expect(await statusOf(other)).toBe(401)
    await page.goto(demo.url)
    expect(await statusOf(page)).toBe(401)
    await elsewhere.close()
  })
})

describe('an auditor', () => {
  it('filters by bars and chips with the keyboard alone, and opens an event', async () => {
    const page = await demo.pageOf(context, 'harry', '/audit?from=now-1h')
    await settled(page)
    await tabTo(page, /^Events over time/)
    await page.keyboard.press('End')
    await page.keyboard.press('Shift+ArrowLeft')
    await page.keyboard.press('Shift+ArrowLeft')
    await page.keyboard.press('Enter')
    await expect.poll(() => new URL(page.url()).searchParams.get('from')).toMatch(/^\d+$/)
    await settled(page)
    await page.goto(`${demo.url}/audit?results=allowed`)
    await settled(page)
    expect(await page.getByRole('list', { name: 'Filters in force' }).innerText()).toContain(
      'Decision: allowed',
    )
    await tabTo(page, /^\d+ \w+ 20\d\d/)
    await page.keyboard.press('Enter')
    const drawer = page.getByRole('dialog')
    await drawer.getByText('Place in the chain').waitFor()
    await page.keyboard.press('Escape')
    await expect.poll(() => new URL(page.url()).searchParams.get('event')).toBeNull()
  })

  it('verifies the log, and exports it so that the export verifies elsewhere with the public key alone', async () => {
    const page = await demo.pageOf(context, 'harry', '/audit?show=integrity')
    await page.getByText(/^sealed/).waitFor({ timeout: 90_000 })
    // With the keyboard alone.
    await tabTo(page, /^Verify now$/)
    await page.keyboard.press('Enter')
    await page.getByText('Nothing is missing, changed or out of order.').first().waitFor({ timeout: 60_000 })
    const key = (await page.locator('.integrity .hash').first().innerText()).trim()

    await tabTo(page, /^Export$/)
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor()
    await tabTo(page, /^Export as NDJSON$/)
    await page.keyboard.press('Enter')
    const content = page.getByRole('link', { name: /^Download [\d,]+ events?/ }).first()
    await content.waitFor({ timeout: 90_000 })
    const dir = temporaryDir()
    const save = async (link: typeof content, name: string): Promise<string> => {
      await link.focus()
      const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')])
      const file = join(dir.path, name)
      copyFileSync(await download.path(), file)
      return file
    }
    const archive = await save(content, 'events.ndjson.gz')
    const manifest = await save(
      page.getByRole('link', { name: 'Download the signed manifest' }).first(),
      'events.manifest.json',
    )
    const events = gunzipSync(readFileSync(archive))
    const ndjson = join(dir.path, 'events.ndjson')
    writeFileSync(ndjson, events)
    expect(JSON.parse(readFileSync(manifest, 'utf8'))).toHaveProperty('signature')
    const cli = join(import.meta.dirname, '../../services/cli/src/main.ts')
    const verify = (): string =>
      execFileSync(
        process.execPath,
        [cli, 'audit', 'verify', ndjson, '--manifest', manifest, '--pubkey', key],
        {
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'pipe'],
        },
      )
    expect(verify()).toMatch(/verif/i)
    writeFileSync(ndjson, events.toString('utf8').replace('"allowed":true', '"allowed":false'))
    expect(verify).toThrow()
    dir.remove()
  })
})
