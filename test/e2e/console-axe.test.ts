import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { axeFindings } from '../support/axe.ts'
import { launchBrowser } from '../support/browser.ts'
import { stops, type Stop } from '../support/console-stops.ts'
import { type Demo, settled, startDemo } from '../support/demo.ts'

let demo: Demo
let browser: Browser
const people = new Map<string, Promise<BrowserContext>>()

beforeAll(async () => {
  demo = await startDemo({ portBase: 29_500 })
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser?.close()
  await demo?.stop()
})

/** A person signs in once; their pages are of the same session. */
function contextOf(person: string | undefined): Promise<BrowserContext> {
  const key = person ?? ''
  const context = people.get(key) ?? signedIn(person)
  people.set(key, context)
  return context
}

async function signedIn(person: string | undefined): Promise<BrowserContext> {
  const made = await browser.newContext({ locale: 'en-GB' })
  if (person !== undefined) await (await demo.pageOf(made, person)).close()
  return made
}

async function show({ person, path, before }: Stop): Promise<Page> {
  const page = await (await contextOf(person)).newPage()
  await page.goto(demo.url + path)
  await settled(page)
  if (before !== undefined) {
    await before(page)
    await settled(page)
  }
  return page
}

// Several at once, as most of the time a page is waited for.
describe.concurrent('axe finds nothing, and nothing is cut off or wider than the page', () => {
  it.each(stops.map((stop) => [stop.name, stop] as const))('on %s', async (_, stop) => {
    const page = await show(stop)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await page.waitForTimeout(200)
      expect(await axeFindings(page), colorScheme).toEqual([])
    }
    for (const width of [320, 390, 768, 1440, 2560]) {
      await page.setViewportSize({ width, height: 900 })
      await page.waitForTimeout(100)
      const over = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth')
      expect(over, `${width} px`).toBeLessThanOrEqual(0)
    }
    await page.close()
  })
})
