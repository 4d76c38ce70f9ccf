import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { keepScreenshot, launchBrowser } from '../support/browser.ts'
import {
  axeFindings,
  type BoardsWorld,
  listen,
  readBoards,
  readThrough,
  signIn,
  startBoardsWorld,
} from './dashboards-world.ts'

// All dashboards of the tests and the demo, and those of a folder in GATEHOUSE_DASHBOARDS, opened by somebody who may do nothing else.
let boards: BoardsWorld
let browser: Browser
let context: BrowserContext
let complaints: string[]

beforeAll(async () => {
  boards = await startBoardsWorld()
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser?.close()
  await boards?.close()
})
beforeEach(async () => {
  context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB' })
  complaints = listen(context)
})
afterEach(() => context.close())

async function open(uid: string): Promise<Page> {
  const page = await context.newPage()
  await page.goto(`${boards.world.control.url}/dashboards/${uid}`)
  await signIn(page, 'nemo')
  await readThrough(page)
  return page
}

/** Panels that a person sees: not those of folded rows. */
function errorsOn(page: Page): Promise<string[]> {
  return page.locator('.panel-word-danger').allInnerTexts()
}

describe('dashboards open without an error', () => {
  it.each(readBoards().map(({ name, uid }) => [name, uid] as const))('%s', async (name, uid) => {
    const page = await open(uid)
    const panels = await page.locator('.panel').count()
    const errors = await errorsOn(page)
    console.log(`${name}: ${panels} panels, ${errors.length} errors`)
    expect(panels).toBeGreaterThan(0)
    expect(errors).toEqual([])
    expect(await axeFindings(page)).toEqual([])
    expect(complaints).toEqual([])
  })
})

// Pairs of panels that lie on each other.
const overlaps = `(() => {
  const all = [...document.querySelectorAll('.panel')].map((e) => [e.ariaLabel, e.getBoundingClientRect()])
  const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
  return all.flatMap(([name, a], i) =>
    all.slice(i + 1).filter(([, b]) => meet(a, b)).map(([other]) => name + ' and ' + other))
})()`

// A tab stop that is no control says what it is.
const namelessStops = `[...document.querySelectorAll('.panel [tabindex="0"]')]
  .filter((e) => !e.matches('button, a, input') && !(e.ariaLabel || e.getAttribute('aria-labelledby')))
  .map((e) => e.outerHTML.slice(0, 100))`

describe('a crowded dashboard', () => {
  const uid = 'b0-crowded'
  it('has no panel upon another, nothing out of reach of the keyboard, and room for what it draws', async () => {
    const page = await open(uid)
    await keepScreenshot(page, 'dashboard-crowded')
    const panel = (title: string) => page.getByRole('group', { name: title, exact: true })
    expect(await page.evaluate(overlaps)).toEqual([])
    for (const title of ['Nothing below', 'Nothing beside']) {
      await panel(title).getByText('No samples in this time range').waitFor()
      expect(await panel(title).locator('canvas, .legend-table-wrap').count(), title).toBe(0)
    }
    for (const title of ['First at its place', 'Second at its place']) {
      const [plot, body] = ['.chart-plot', '.panel-body'].map((part) => panel(title).locator(part))
      const [drawn, room] = [await plot?.boundingBox(), await body?.boundingBox()]
      expect((drawn?.height ?? 0) / (room?.height ?? 1), title).toBeGreaterThan(0.5)
    }
    const over = `[...document.querySelectorAll('.gauges')].filter((e) => e.scrollWidth > e.clientWidth).length`
    expect(await page.evaluate(over)).toBe(0)
    const times = `[...document.querySelectorAll('.heatmap-times')].filter((e) => e.scrollWidth > e.clientWidth).length`
    expect(await page.evaluate(times)).toBe(0)
    const tight = `[...document.querySelectorAll('.bar-row')].filter((e) => [...e.children].some((part) => part.getBoundingClientRect().bottom > e.getBoundingClientRect().bottom + 1 || part.getBoundingClientRect().top < e.getBoundingClientRect().top - 1)).length`
    expect(await page.evaluate(tight)).toBe(0)
    // There are samples of the last 15 of 30 minutes.
    const first = `Math.min(...[...document.querySelectorAll('.heatmap-cell')].map((e) => e.x.baseVal.value))`
    expect(await page.evaluate(first)).toBeGreaterThan(40)
    const dial = panel('Gauges').getByRole('img').first()
    expect((await dial.boundingBox())?.width).toBeGreaterThan(40)
    const named = /^([\d.]+|\+Inf) of \S+ in \S+, over 5m/
    const names = panel('Second at its place').locator('.legend-item')
    expect(await names.first().innerText()).toMatch(named)
    const link = (name: string) => page.getByRole('link', { name }).getAttribute('href')
    expect(await link('By variables')).toBe('/dashboards/every-feature?var-env=prod&var-env=test')
    const others = page.getByRole('navigation', { name: 'Links of the dashboard' })
    expect(await others.getByRole('link', { name: 'Every feature' }).getAttribute('href')).toBe(
      '/dashboards/b0-every-feature?var-window=5m&var-env=prod&var-env=test',
    )
    await others.getByRole('button', { name: 'In a menu' }).click()
    expect(await others.getByRole('listitem').allInnerTexts()).toEqual(['Every feature'])
    await page.keyboard.press('Escape')
    expect(await link('With all')).toBe('https://example.org/all?var-window=5m&var-env=prod&var-env=test')
    expect(await page.evaluate(namelessStops)).toEqual([])
    await page.setViewportSize({ width: 320, height: 900 })
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' })
    await page.waitForTimeout(300)
    expect(await axeFindings(page)).toEqual([])
    expect(await page.evaluate(namelessStops)).toEqual([])
    const wider = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
    expect(wider).toBeLessThanOrEqual(0)
    await keepScreenshot(page, 'dashboard-crowded-narrow-dark')
    expect(complaints).toEqual([])
  })
})

describe('every feature', () => {
  it('is shown as it is meant, and axe finds nothing in light and dark', async () => {
    const page = await open('b0-every-feature')
    await keepScreenshot(page, 'dashboard-every-feature')
    const panel = (title: string) => page.getByRole('group', { name: title, exact: true })
    expect(await panel('Predictions').locator('.stat-text').innerText()).toMatch(/^\d+\.\d\d req\/s$/)
    expect(await panel('Wrong').getByRole('img').getAttribute('aria-label')).toBe(
      'Wrong: 12%, on a scale from 0% to 100%',
    )
    expect(await panel('State').locator('.stat').first().innerText()).toContain('there')
    expect(await panel('Rates').getByRole('img').getAttribute('aria-label')).toMatch(
      /^Rates, time series chart of \d+ series from .* maximum /,
    )
    expect(await panel('Latency').getByRole('img').getAttribute('aria-label')).toMatch(
      /^Latency, heat map of \d+ buckets/,
    )
    const table = panel('Models now').getByRole('table')
    expect(await table.getByRole('columnheader').allInnerTexts()).toContain('Rate')
    expect(await page.getByRole('heading', { name: /^Of prod/ }).count()).toBe(1)
    expect(await panel('Of a database').innerText()).toContain('of the type postgres, not Prometheus')
    expect(await panel('A pie').innerText()).toContain('does not draw')
    expect(await page.getByText('nothing', { exact: false }).first().isVisible()).toBe(true)
    expect(await page.getByRole('link', { name: 'Never' }).count()).toBe(0)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      // Colours change within 120 ms.
      await page.waitForTimeout(500)
      expect(await axeFindings(page), colorScheme).toEqual([])
    }
    await keepScreenshot(page, 'dashboard-every-feature-dark')
    await page.setViewportSize({ width: 320, height: 800 })
    expect(Number(await page.evaluate('document.documentElement.scrollWidth'))).toBeLessThanOrEqual(320)
    expect(complaints).toEqual([])
  })
})
