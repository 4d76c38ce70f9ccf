import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryDir } from '@gatehouse/local'
import type { BrowserContext, Page } from 'playwright-core'

/** What the demo says of itself, as far as a browser needs it. */
interface Ready {
  readonly control: string
  readonly gateway: string
  readonly people: readonly { readonly signIn: string; readonly password: string }[]
}

/** The demo of `npm start`, in a folder of its own. */
export interface Demo {
  readonly url: string
  readonly gatewayUrl: string
  /** Enters sign-in name and password on the identity provider's page. */
  enter(page: Page, name: string): Promise<void>
  /** Signs somebody in by their sign-in name; the page stands where it was to go. */
  signIn(page: Page, name: string, path?: string): Promise<void>
  /** A page of somebody signed in, in a context of its own. */
  pageOf(context: BrowserContext, name: string, path?: string): Promise<Page>
  stop(): Promise<void>
}

const main = join(import.meta.dirname, '../../deploy/local/src/main.ts')
const patienceMs = 150_000

async function untilReady(child: ChildProcess): Promise<void> {
  let said = ''
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the demo did not start in time:\n${said}`)), patienceMs)
    const listen = (part: Buffer): void => {
      said += part.toString()
      if (!said.includes('Ready after')) return
      clearTimeout(timer)
      resolve()
    }
    child.stdout?.on('data', listen)
    child.stderr?.on('data', listen)
    child.once('exit', (code) => {
      clearTimeout(timer)
      reject(new Error(`the demo ended with code ${code}:\n${said}`))
    })
  })
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await ended
}

/** The demo that runs already with this state folder is taken instead of a new one. */
const running = process.env['GATEHOUSE_DEMO']

interface Started {
  readonly dir: string
  stop(): Promise<void>
}

async function start(portBase: number, hasHistory: boolean): Promise<Started> {
  if (running !== undefined && running !== '') return { dir: running, stop: () => Promise.resolve() }
  const dir = temporaryDir()
  const options = ['--state-dir', dir.path, '--port-base', String(portBase)]
  const child = spawn(process.execPath, [main, ...options, ...(hasHistory ? [] : ['--no-history'])])
  const stop = async (): Promise<void> => {
    await end(child)
    dir.remove()
  }
  await untilReady(child).catch(async (error: unknown) => {
    await stop()
    throw error
  })
  return { dir: dir.path, stop }
}

/** Starts the demo; with history of 26 hours only if asked, as it takes a while. */
export async function startDemo({
  portBase,
  hasHistory = false,
}: {
  portBase: number
  hasHistory?: boolean
}): Promise<Demo> {
  const { dir, stop } = await start(portBase, hasHistory)
  const ready = JSON.parse(readFileSync(join(dir, 'ready.json'), 'utf8')) as Ready
  const enter: Demo['enter'] = async (page, name) => {
    const person = ready.people.find((one) => one.signIn === name)
    await page.getByLabel('Sign-in name').fill(name)
    await page.getByLabel('Password').fill(person?.password ?? '')
    await page.getByRole('button', { name: 'Sign in' }).click()
  }
  const signIn: Demo['signIn'] = async (page, name, path = '/') => {
    await page.goto(ready.control + path)
    await page.getByRole('link', { name: /Sign in with/ }).click()
    await enter(page, name)
    await page.getByRole('navigation', { name: 'Screens' }).waitFor({ state: 'attached' })
    await page.getByRole('heading', { level: 1 }).waitFor()
  }
  return {
    url: ready.control,
    gatewayUrl: ready.gateway,
    enter,
    signIn,
    pageOf: async (context, name, path) => {
      context.setDefaultTimeout(patienceMs / 2)
      const page = await context.newPage()
      await signIn(page, name, path)
      return page
    },
    stop,
  }
}

/** Waits until nothing on the page is being read any more. */
export async function settled(page: Page): Promise<void> {
  await page.getByRole('heading', { level: 1 }).waitFor()
  const isBusy = `document.querySelector('.skeleton, [aria-busy="true"]') !== null`
  const until = Date.now() + 30_000
  // Not waitForFunction: it evaluates within the page, whose content security policy forbids that.
  while (Date.now() < until) {
    await page.waitForTimeout(100)
    if ((await page.evaluate(isBusy)) === false) break
  }
  await page.waitForLoadState('networkidle')
  await page.waitForTimeout(200)
}
