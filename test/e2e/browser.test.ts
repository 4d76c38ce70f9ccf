import { join } from 'node:path'
import {
  demoTargets,
  ensureTools,
  type Prometheus,
  startPrometheus,
  temporaryDir,
  writeHistory,
} from '@gatehouse/local'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { keepScreenshot, launchBrowser } from '../support/browser.ts'
import { type SignInWorld, startSignInWorld } from '../support/sign-in-world.ts'

const dir = temporaryDir()
let prometheus: Prometheus
let world: SignInWorld
let browser: Browser
let context: BrowserContext
let url: string
/** What the pages complained about: script errors, refusals by the content security policy, failed requests. */
const complaints: string[] = []

async function startMetrics(): Promise<Prometheus> {
  await ensureTools(['prometheus-2'])
  const flags = ['--web.enable-remote-write-receiver']
  const server = await startPrometheus({ version: '2', dataDir: join(dir.path, 'prometheus'), flags })
  const now = Math.floor(Date.now() / 1_000)
  await writeHistory({
    targets: demoTargets(now - 600),
    urls: [server.url],
    from: now - 300,
    until: now + 1,
    step: 15,
  })
  return server
}

beforeAll(async () => {
  prometheus = await startMetrics()
  world = await startSignInWorld({ prometheusUrl: prometheus.url })
  url = world.control.url
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser?.close()
  await world?.close()
  await prometheus?.stop()
  dir.remove()
})
beforeEach(async () => {
  context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  complaints.length = 0
  context.on('weberror', (error) => complaints.push(error.error().message))
  context.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
})
afterEach(() => context.close())

async function signIn(page: Page, name: string): Promise<void> {
  await page.getByRole('link', { name: 'Sign in with Demo agency login' }).click()
  await page.getByLabel('Sign-in name').fill(name)
  await page.getByLabel('Password').fill('right')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { level: 1, name: /Welcome/ }).waitFor()
}

/** Only what a signed-out page is expected to log. */
function unexpected(): string[] {
  return complaints.filter((text) => !text.includes('401 (Unauthorized)'))
}

describe('in a browser', () => {
  it('a person signs in, sees who they are and what they may query, and signs out', async () => {
    const page = await context.newPage()
    await page.goto(url)
    await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor()
    await keepScreenshot(page, 'sign-in')
    await signIn(page, 'ada')
    expect(page.url()).toBe(`${url}/`)
    const text = await page.locator('main').innerText()
    for (const part of [
      'Ada Lovelace',
      'Transport Agency',
      'Signals',
      'series where tenant is transport, env is prod',
    ])
      expect(text).toContain(part)
    expect(text).toContain('{tenant="transport",env="prod",team="signals"}')

    await keepScreenshot(page, 'home')

    await page.getByRole('button', { name: 'Account: Ada Lovelace' }).click()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor()
    expect(page.url()).toBe(`${url}/signed-out`)
    await page.getByRole('link', { name: 'Sign in again' }).click()
    await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor()
    expect(unexpected()).toEqual([])
  })

  it('signs in in two tabs begun at once', async () => {
    const [first, second] = [await context.newPage(), await context.newPage()]
    const button = { name: 'Sign in with Demo agency login' }
    for (const page of [first, second]) {
      await page.goto(url)
      await page.getByRole('link', button).waitFor()
    }
    await first.getByRole('link', button).click()
    await first.getByLabel('Sign-in name').waitFor()
    await signIn(second, 'ada')
    await first.getByLabel('Sign-in name').fill('ada')
    await first.getByLabel('Password').fill('right')
    await first.getByRole('button', { name: 'Sign in' }).click()
    await first.getByRole('heading', { level: 1, name: /Welcome/ }).waitFor()
    await second.reload()
    await second.getByRole('heading', { level: 1, name: /Welcome/ }).waitFor()
    expect(unexpected()).toEqual([])
  })

  it('lets a person of two orgs change between them', async () => {
    const page = await context.newPage()
    await page.goto(url)
    await signIn(page, 'bo')
    await page.getByLabel('Org').selectOption('Transport Agency')
    await page.getByRole('heading', { name: 'Metrics of transport' }).waitFor()
    await page.reload()
    await page.getByRole('heading', { name: 'Metrics of transport' }).waitFor()
    await page.getByLabel('Org').selectOption('Health Agency')
    await page.getByText('You see series where tenant is health, by').waitFor()
    expect(unexpected()).toEqual([])
  })

  it('tells a person without an org what to do', async () => {
    const page = await context.newPage()
    await page.goto(url)
    await page.getByRole('link', { name: 'Sign in with Demo agency login' }).click()
    await page.getByLabel('Sign-in name').fill('nemo')
    await page.getByLabel('Password').fill('right')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('alert').getByText('You have no access yet').waitFor()
    await keepScreenshot(page, 'sign-in-no-org')
  })

  it('keeps its outlines in forced colours', async () => {
    const page = await context.newPage()
    await page.emulateMedia({ forcedColors: 'active' })
    await page.goto(url)
    await signIn(page, 'bo')
    await keepScreenshot(page, 'home-forced-colors')
  })

  it('can be used with the keyboard alone', async () => {
    const page = await context.newPage()
    await page.goto(url)
    await signIn(page, 'ada')
    const focused = (): Promise<string> =>
      page.evaluate('(document.activeElement.innerText || document.activeElement.id).trim()')
    const stops: string[] = []
    for (let i = 0; i < 5; i++) {
      await page.keyboard.press('Tab')
      stops.push((await focused()).split('\n')[0] ?? '')
    }
    expect(stops).toEqual(['Skip to content', 'Gatehouse', 'Help', 'Account:', 'Home'])
  })

  it.each([
    ['home-dark', 1280, 'dark'],
    ['home-narrow', 400, 'light'],
    ['home-narrow-dark', 400, 'dark'],
    ['home-smallest', 320, 'light'],
    ['home-wide', 2560, 'light'],
  ] as const)('fits: %s', async (name, width, colorScheme) => {
    const page = await context.newPage()
    await page.emulateMedia({ colorScheme })
    await page.setViewportSize({ width, height: 900 })
    await page.goto(url)
    await keepScreenshot(page, name.replace('home', 'sign-in'))
    await signIn(page, 'ada')
    await keepScreenshot(page, name)
    const overflow = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth')
    expect(overflow).toBeLessThanOrEqual(0)
  })
})
