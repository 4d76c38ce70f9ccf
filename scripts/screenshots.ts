// Pictures of every screen for the docs: `npm run screenshots [-- name …]`. Starts the demo with its history, or takes the one whose
// state folder GATEHOUSE_DEMO names. Writes docs/screens/<screen>[-narrow|-dark].png.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { launchBrowser } from '../test/support/browser.ts'
import { type Stop, stops } from '../test/support/console-stops.ts'
import { settled, startDemo } from '../test/support/demo.ts'
import { toPalette } from './palette-png.ts'

const folder = join(import.meta.dirname, '../docs/screens')
const views = [
  { suffix: '', width: 1440, height: 900, colorScheme: 'light' },
  { suffix: '-dark', width: 1440, height: 900, colorScheme: 'dark' },
  { suffix: '-narrow', width: 390, height: 844, colorScheme: 'light' },
] as const
/** Longer pages are cut: the docs show what they are, not all they hold. */
const mostHeight = 2_000

const wanted = process.argv.slice(2)
const chosen = stops.filter(({ name }) => wanted.length === 0 || wanted.includes(name))
mkdirSync(folder, { recursive: true })
const demo = await startDemo({ portBase: 29_640, hasHistory: true })
const browser = await launchBrowser()
const sessions = new Map<string, Awaited<ReturnType<typeof sessionOf>>>()

async function sessionOf(person: string) {
  const context = await browser.newContext({ locale: 'en-GB' })
  await (await demo.pageOf(context, person)).close()
  const state = await context.storageState()
  await context.close()
  return state
}

async function picture(stop: Stop, view: (typeof views)[number]): Promise<number> {
  const { person } = stop
  const known = person === undefined ? undefined : (sessions.get(person) ?? (await sessionOf(person)))
  if (person !== undefined && known !== undefined) sessions.set(person, known)
  const { width, height, colorScheme, suffix } = view
  const options = { viewport: { width, height }, colorScheme, locale: 'en-GB', timezoneId: 'UTC' } as const
  const context = await browser.newContext({
    ...options,
    ...(known === undefined ? {} : { storageState: known }),
  })
  context.setDefaultTimeout(30_000)
  const page = await context.newPage()
  await page.goto(demo.url + stop.path)
  await settled(page)
  await stop.before?.(page)
  await settled(page)
  await page.evaluate('scrollTo(0, 0)')
  const full = Number(await page.evaluate('document.documentElement.scrollHeight'))
  await page.setViewportSize({ width, height: Math.min(mostHeight, Math.max(height, full)) })
  await settled(page)
  const small = toPalette(await page.screenshot({ animations: 'disabled' }))
  writeFileSync(join(folder, `${stop.name}${suffix}.png`), small)
  await context.close()
  return small.length
}

try {
  let bytes = 0
  // Once more if it did not work: the console may have been built anew meanwhile.
  for (const stop of chosen)
    for (const view of views) bytes += await picture(stop, view).catch(() => picture(stop, view))
  console.log(`${chosen.length * views.length} pictures, ${Math.round(bytes / 1_024)} kB, in docs/screens`)
} finally {
  await browser.close()
  await demo.stop()
}
