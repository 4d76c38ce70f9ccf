import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { type Demo, settled, startDemo } from '../support/demo.ts'

/** What of the console's own screens is looked at here; its sources are for another platform than these tests. */
interface Screen {
  readonly path: string
  readonly title: string
  readonly nav?: object
  readonly needs?: readonly string[]
  readonly isFor?: (me: object) => boolean
}
const routes = '../../services/console/src/routes.tsx'
const { screens } = (await import(routes)) as { readonly screens: readonly Screen[] }

let demo: Demo
let browser: Browser
let context: BrowserContext
/** What the pages complained about: script errors and refusals by the content security policy. */
let complaints: string[]

beforeAll(async () => {
  demo = await startDemo({ portBase: 29_560 })
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
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  complaints = []
  context.on('weberror', (error) => complaints.push(error.error().message))
  context.on('console', (message) => {
    const text = message.text()
    // A refused request is logged by the browser itself; the page says it in its own words.
    if (message.type() === 'error' && !/status of 4\d\d/.test(text)) complaints.push(text)
  })
})
afterEach(async () => {
  await context.close()
  expect(complaints).toEqual([])
})

const editor = (page: Page) => page.getByRole('textbox', { name: 'PromQL expression' })

async function ask(page: Page, query: string): Promise<void> {
  await editor(page).focus()
  await page.keyboard.press('Control+A')
  await page.keyboard.type(query.slice(0, 1))
  await page.keyboard.press('Control+A')
  await page.keyboard.insertText(query)
  await page.keyboard.press('Control+Enter')
}

describe('an ML engineer', () => {
  it('asks, sees what was added and by which grant, and why a series is missing', async () => {
    const page = await demo.pageOf(context, 'asha', '/explore')
    await ask(page, 'sum by (team, tenant) (ml_predictions_total)')
    const rows = page.getByRole('table').locator('tbody tr')
    await rows.first().waitFor()
    expect(await rows.count()).toBe(1)
    expect(await rows.first().innerText()).toContain('signals')
    await page.getByText(/1 series · complete: its one shard answered/).waitFor()

    await page.getByRole('tab', { name: 'Enforced query' }).click()
    const added = page.locator('ins.tok-added')
    await added.first().waitFor()
    expect((await added.allInnerTexts()).join(' ')).toContain('tenant="transport"')
    const why = await page.getByRole('region', { name: 'What was added, and why' }).innerText()
    expect(why).toContain('Transport agency owns the tenant transport')
    expect(why).toContain('The grant of the role ml-engineer to team Signals is for these series only')

    // Another team's series: the page says which matchers cannot hold together, not whether there is anything.
    await ask(page, 'ml_predictions_total{team="triage"}')
    await page.getByRole('tab', { name: 'Table' }).click()
    await page.getByRole('heading', { name: 'No series' }).waitFor()
    expect(await page.getByRole('tabpanel').innerText()).toContain(
      'Your matcher team="triage" and team="signals"',
    )
  })

  it('is offered only their own names while writing', async () => {
    const page = await demo.pageOf(context, 'asha', '/explore')
    await editor(page).click()
    await page.keyboard.type('sum(ml_pred')
    const list = page.getByRole('listbox')
    await list.waitFor()
    const names = await list.innerText()
    expect(names).toContain('ml_predictions_total')
    await page.keyboard.press('Escape')
    await editor(page).fill('')
    await page.keyboard.type('ml_predictions_total{team="')
    await list.getByText('signals').waitFor()
    expect(await list.innerText()).not.toContain('triage')
  })

  it('shares a graph by its address, and finds the query again in the history', async () => {
    const page = await demo.pageOf(context, 'asha', '/explore')
    await ask(page, 'sum(up)')
    await page.getByRole('tab', { name: 'Graph' }).click()
    await page.getByRole('img', { name: /sum\(up\)/ }).waitFor()
    await page.getByRole('button', { name: 'Copy link' }).click()
    await page.getByText(/Link copied/).waitFor()
    const link = String(await page.evaluate('navigator.clipboard.readText()'))
    expect(new URL(link).searchParams.get('g0.expr')).toBe('sum(up)')

    const other = await context.newPage()
    await other.goto(link)
    await other.getByRole('img', { name: /sum\(up\)/ }).waitFor()
    await ask(other, 'count(up)')
    await other.getByRole('button', { name: 'History' }).click()
    await other.getByRole('button', { name: /sum\(up\)/ }).click()
    await expect.poll(() => new URL(other.url()).searchParams.get('g0.expr')).toBe('sum(up)')
    await other.goBack()
    await expect.poll(() => editor(other).innerText()).toBe('count(up)')
  })

  it('is told what is wrong with a query, in words', async () => {
    const page = await demo.pageOf(context, 'asha', '/explore')
    await ask(page, 'sum(')
    await page.getByRole('alert').getByText('The query was not answered').waitFor()
  })
})

describe('an operator', () => {
  it('finds the slowest shard, its replicas and the limits', async () => {
    const asha = await demo.pageOf(context, 'asha', '/explore')
    await ask(asha, 'count(up)')
    await asha.getByRole('table').waitFor()
    const other = await browser.newContext({ locale: 'en-GB' })
    const page = await demo.pageOf(other, 'olga', '/system')
    await page.getByText(/The slowest is|All shards that were asked answer/).waitFor()
    const table = page.getByRole('table', { name: 'Shards' })
    // With the keyboard alone.
    for (let i = 0; i < 40; i++) {
      await page.keyboard.press('Tab')
      if ((await page.evaluate('document.activeElement.innerText')) === '95th percentile') break
    }
    await page.keyboard.press('Enter')
    await page.keyboard.press('Enter')
    expect(await table.locator('th[aria-sort="descending"]').innerText()).toContain('95th percentile')
    expect(await table.innerText()).toContain('shard-0-a')
    expect(await table.innerText()).toMatch(/\d+ m?s, \d+ of \d+ failed/)
    const issuers = page.getByRole('region', { name: 'Identity providers' })
    expect(await issuers.innerText()).toMatch(/1 signing key, read .*first seen/s)
    expect(await page.getByRole('region', { name: 'Limits in force' }).innerText()).toContain('366 days')
    expect(await page.getByRole('navigation', { name: 'Screens' }).innerText()).not.toContain('Explore')
    await other.close()
  })
})

describe('somebody without the role', () => {
  it('learns which one a screen needs, asks for it, and follows the request on Home', async () => {
    const page = await demo.pageOf(context, 'tom', '/system')
    await page.getByRole('heading', { name: 'System is not open to you' }).waitFor()
    const main = page.getByRole('main')
    expect(await main.innerText()).toContain('you have the role viewer')
    expect(await main.innerText()).toContain('people with the role operator')
    await page.getByRole('button', { name: 'Send request' }).click()
    await page.getByText('Say why you need the role.').waitFor()
    await page.getByLabel('Reason').fill('The shard is slow')
    await page.getByRole('button', { name: 'Send request' }).click()
    await page.getByText('Your request is sent.').waitFor()
    await page.getByRole('main').getByRole('link', { name: 'Home', exact: true }).click()
    await page
      .getByText(/You asked for operator on all of Transport agency for 3 days/)
      .first()
      .waitFor()
    await page
      .getByRole('button', { name: /Withdraw the request for operator/ })
      .first()
      .click()
    await page.getByText('withdrawn').first().waitFor()
  })
})

describe('what is not open', () => {
  it.each(['tom', 'harry', 'olga', 'olivia'])(
    'says to %s which role opens it and offers to ask, on every screen',
    async (person) => {
      const page = await demo.pageOf(context, person, '/')
      const me: { readonly actions: readonly string[] } = await page.evaluate(
        `fetch('/api/v1/me').then((r) => r.json())`,
      )
      const isOpen = ({ needs, isFor }: Screen): boolean =>
        (needs?.some((action) => me.actions.includes(action)) ?? true) && (isFor?.(me) ?? true)
      const shown = await page.getByRole('navigation', { name: 'Screens' }).getByRole('link').allInnerTexts()
      const named = screens.filter((screen) => screen.nav !== undefined && isOpen(screen))
      expect(shown.map((text) => text.trim())).toEqual(named.map(({ title }) => title))
      const closed = screens.filter((screen) => !isOpen(screen))
      expect(closed.length).toBeGreaterThan(3)
      const main = page.getByRole('main')
      for (const { path, title } of closed) {
        const at = path.replaceAll(/:[a-z]+/g, 'x')
        await page.evaluate(
          `history.pushState(null, '', '${at}'); dispatchEvent(new PopStateEvent('popstate'))`,
        )
        await page.getByRole('heading', { level: 1, name: `${title} is not open to you` }).waitFor()
        await main.getByRole('heading', { name: 'Ask for access' }).waitFor()
        expect(await main.getByLabel('Role').inputValue(), at).not.toBe('')
        // Roles are named, not permissions.
        expect(await main.innerText(), at).not.toMatch(/[a-z]:[a-z]/)
      }
    },
  )

  it('is no dead end where a dashboard is not open, or not there', async () => {
    const page = await demo.pageOf(context, 'harry', '/dashboards/model-health')
    await page.getByRole('heading', { level: 1, name: 'This dashboard is not open to you' }).waitFor()
    const main = page.getByRole('main')
    expect(await main.innerText()).toContain('It is for people with the role viewer')
    await main.getByLabel('Reason').fill('An audit of what it shows')
    await main.getByRole('button', { name: 'Send request' }).click()
    await page.getByText('Your request is sent.').waitFor()
    for (const path of ['/dashboards/nope', '/login/nobody']) {
      await page.goto(demo.url + path)
      await page.getByRole('heading', { level: 1, name: 'There is nothing here' }).waitFor()
    }
  })
})

describe('a session that ends', () => {
  it('loses nothing: the person signs in in another tab, and the page goes on', async () => {
    const page = await demo.pageOf(context, 'asha', '/explore')
    await editor(page).fill('sum(rate(ml_predictions_total[5m]))')
    await context.clearCookies({ name: /gatehouse/ })
    await page.getByRole('button', { name: 'Run query' }).click()
    const dialog = page.getByRole('dialog', { name: 'Your session has ended' })
    await dialog.waitFor()
    const [tab] = await Promise.all([
      context.waitForEvent('page'),
      dialog.getByRole('link', { name: 'Sign in in a new tab' }).click(),
    ])
    await tab.getByRole('link', { name: /Sign in with/ }).click()
    // The identity provider remembers the person, or asks again.
    const name = tab.getByLabel('Sign-in name')
    const back = tab.getByRole('heading', { name: 'You are signed in again' })
    await name.or(back).waitFor()
    if (await name.isVisible()) await demo.enter(tab, 'asha')
    await back.waitFor()
    await dialog.waitFor({ state: 'detached' })
    expect(await editor(page).innerText()).toContain('sum(rate(ml_predictions_total[5m]))')
    await page.getByRole('button', { name: 'Run query' }).click()
    await page.getByRole('table').waitFor()
  })
})

describe('somebody else who signs in in another tab', () => {
  it('is named on the page, which sends nothing as them and goes on when its person is back', async () => {
    const page = await demo.pageOf(context, 'asha', '/explore')
    await editor(page).fill('sum(ml_predictions_total)')
    const own = await context.cookies()
    /** Signs in as others do in a tab of this browser; the identity provider is asked from elsewhere, as it remembers Asha. */
    const become = async (name: string): Promise<typeof own> => {
      const elsewhere = await browser.newContext({ locale: 'en-GB' })
      await demo.pageOf(elsewhere, name)
      const cookies = await elsewhere.cookies()
      await elsewhere.close()
      return cookies
    }
    const tom = await become('tom')
    const asked: string[] = []
    await context.addCookies(tom)
    const tab = await context.newPage()
    await tab.goto(demo.url)
    const dialog = page.getByRole('dialog', { name: /^You are now signed in as Tom/ })
    await dialog.waitFor()
    page.on('request', (request) => asked.push(request.url()))
    // Nothing leads past the question, and what the page does by itself it does not do as Tom.
    await page.keyboard.press('Escape')
    await page.evaluate(`document.querySelector('form button[type=submit], button.button-main').click()`)
    await page.waitForTimeout(300)
    expect(asked.filter((url) => url.includes('/prom/'))).toEqual([])
    await context.addCookies(own)
    await tab.goto(demo.url)
    await dialog.waitFor({ state: 'detached' })
    expect(await editor(page).innerText()).toContain('sum(ml_predictions_total)')
    await page.getByRole('button', { name: 'Run query' }).click()
    await page.getByRole('table').waitFor()

    // Somebody of another org, after the session ended.
    await context.clearCookies({ name: /gatehouse/ })
    await ask(page, 'count(up)')
    await page.getByRole('dialog', { name: 'Your session has ended' }).waitFor()
    await context.addCookies(await become('rosa'))
    await tab.goto(`${demo.url}/signed-in`)
    await page.getByRole('button', { name: 'Go on as Rosa Lind' }).click()
    await page.getByRole('heading', { level: 1, name: 'Welcome, Rosa Lind' }).waitFor()
  })
})

describe('with the keyboard alone', () => {
  it('an ML engineer sees why a series is missing, looks at the enforced query and leaves', async () => {
    const page = await demo.pageOf(context, 'asha')
    await settled(page)
    const focused = (): Promise<string> =>
      page.evaluate(
        '(document.activeElement.getAttribute("aria-label") || document.activeElement.innerText).trim()',
      )
    const tabTo = async (name: RegExp): Promise<void> => {
      for (let i = 0; i < 60; i++) {
        if (name.test(await focused())) return
        await page.keyboard.press('Tab')
      }
      throw new Error(`Tab does not reach ${name}; it stands on ${await focused()}`)
    }
    await tabTo(/^Explore$/)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'Explore' }).waitFor()
    await tabTo(/^PromQL expression$/)
    // Why another team's series are missing.
    await page.keyboard.insertText('ml_predictions_total{team="triage"}')
    await page.keyboard.press('Control+Enter')
    await page.getByText('Your matcher team="triage" and team="signals"').waitFor()
    await tabTo(/^Run query$/)
    await tabTo(/^Table$/)
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowRight')
    await page.getByRole('heading', { name: 'As shards are asked' }).waitFor()
    expect(await focused()).toBe('Enforced query')
    // From the top again: the account menu, and out.
    await page.keyboard.press('Control+Home')
    await page.evaluate('document.activeElement.blur()')
    await tabTo(/^Account:/)
    await page.keyboard.press('Enter')
    await tabTo(/^Sign out$/)
    await page.keyboard.press('Enter')
    await page.waitForURL(/signed-out|\/session\/end/)
  })

  it('the help opens, keeps the focus, and gives it back', async () => {
    const page = await demo.pageOf(context, 'asha')
    const help = page.getByRole('button', { name: 'Help' })
    await help.focus()
    await page.keyboard.press('Enter')
    await page.getByRole('dialog', { name: 'Help: Home' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(await page.evaluate('document.activeElement.innerText')).toBe('Help')
  })
})

describe('appearance', () => {
  it('follows the choice of colours, and remembers it', async () => {
    const page = await demo.pageOf(context, 'asha')
    const background = (): Promise<unknown> =>
      page.evaluate('getComputedStyle(document.documentElement).backgroundColor')
    const light = await background()
    await page.getByRole('button', { name: /Account/ }).click()
    await page.getByLabel('Dark').check()
    expect(await background()).not.toBe(light)
    await page.reload()
    await settled(page)
    expect(await background()).not.toBe(light)
  })

  it('keeps its outlines in forced colours', async () => {
    const page = await demo.pageOf(context, 'asha')
    await page.emulateMedia({ forcedColors: 'active' })
    await page.goto(`${demo.url}/explore?g0.expr=up&g0.tab=enforced`)
    await page.locator('ins.tok-added').first().waitFor()
    const style = await page.evaluate(`getComputedStyle(document.querySelector('ins.tok-added')).borderStyle`)
    expect(style).toBe('solid')
  })
})

describe('at 400 % of 1280 × 1024 pixels', () => {
  it.each([
    ['/explore?g0.expr=up', 'asha'],
    ['/dashboards/model-health', 'asha'],
    ['/audit', 'harry'],
  ])('%s needs no sideways scrolling, and hides nothing that has the focus', async (path, person) => {
    const page = await demo.pageOf(context, person)
    await page.setViewportSize({ width: 320, height: 256 })
    await page.goto(demo.url + path)
    await settled(page)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320)
    // Somewhere on what has the focus stands itself, not a bar that stays while the page scrolls.
    const isSeen = `(() => {
      const at = document.activeElement
      const { left, right, top, bottom } = at.getBoundingClientRect()
      return [0.1, 0.5, 0.9].some((part) => {
        const found = document.elementFromPoint((left + right) / 2, top + (bottom - top) * part)
        return found !== null && (at.contains(found) || found.contains(at))
      })
    })()`
    for (let i = 0; i < 15; i++) {
      await page.keyboard.press('Tab')
      const what = await page.evaluate('document.activeElement.outerHTML.slice(0, 120)')
      expect(await page.evaluate(isSeen), String(what)).toBe(true)
    }
  })
})

const most = 350 * 1_024

describe('first load', () => {
  it.each([
    ['/', 'asha'],
    ['/explore?g0.expr=sum(up)&g0.tab=graph', 'asha'],
    ['/dashboards', 'asha'],
    ['/system', 'olga'],
    ['/audit', 'harry'],
  ])('of %s weighs less than 350 kB compressed', async (path, person) => {
    await (await demo.pageOf(context, person)).close()
    const fresh = await browser.newContext({ storageState: await context.storageState(), locale: 'en-GB' })
    const page = await fresh.newPage()
    const sizes = new Map<string, Promise<number>>()
    page.on('response', (response) => {
      const url = new URL(response.url())
      if (url.pathname.startsWith('/assets/') || response.request().isNavigationRequest())
        sizes.set(
          url.pathname,
          // What came over the wire.
          response.finished().then(async () => (await response.request().sizes()).responseBodySize),
        )
    })
    await page.goto(demo.url + path, { waitUntil: 'commit' })
    await page.getByRole('heading', { level: 1 }).waitFor()
    // Milliseconds since the navigation began; a machine that does much else is slower, so it is told, not judged.
    const heading = Math.round(Number(await page.evaluate('performance.now()')))
    while ((await page.evaluate(`document.querySelector('.skeleton') !== null`)) === true)
      await page.waitForTimeout(10)
    const content = Math.round(Number(await page.evaluate('performance.now()')))
    await settled(page)
    const total = (await Promise.all(sizes.values())).reduce((sum, size) => sum + size, 0)
    console.log(
      `${path}: ${Math.round(total / 1_024)} kB in ${sizes.size} files, can be used after ${heading} ms, first content after ${content} ms`,
    )
    expect(total).toBeLessThan(most)
    await fresh.close()
  })
})
