import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import bundled from '@sparticuz/chromium'
import { type Browser, chromium, type Page } from 'playwright-core'

const installed = '/usr/bin/chromium'

/** No sandbox, as tests may run as root; nothing that a browser does in the background reaches for a network. */
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-domain-reliability',
  '--no-pings',
  '--font-render-hinting=none',
  // A machine without a locale would give pages one that Intl refuses.
  '--lang=en-GB',
]

/** A headless Chromium: the machine's own where there is one, else the one that npm brought (unpacked once, 4 s). */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = existsSync(installed) ? installed : await bundled.executablePath()
  return chromium.launch({ executablePath, args: flags, headless: true, timeout: 60_000 })
}

/** Keeps a picture of the page among the run's artefacts. */
export async function keepScreenshot(page: Page, name: string): Promise<void> {
  const dir = join(import.meta.dirname, '../../artefacts/screenshots')
  mkdirSync(dir, { recursive: true })
  await page.screenshot({ path: join(dir, `${name}.png`), fullPage: true, animations: 'disabled' })
}
