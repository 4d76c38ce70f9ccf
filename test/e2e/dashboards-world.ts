import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRequire } from 'node:module'
import {
  demoTargets,
  ensureTools,
  type Prometheus,
  startPrometheus,
  temporaryDir,
  writeHistory,
} from '@gatehouse/local'
import {
  approveDashboard,
  createDashboard,
  createPool,
  type DashboardContent,
  withOrg,
} from '@gatehouse/store'
import type { BrowserContext, Page } from 'playwright-core'
import { type FaultyProxy, startFaultyProxy } from '../support/faulty-proxy.ts'
import { type SignInWorld, startSignInWorld } from '../support/sign-in-world.ts'

/** Folders of dashboards to open: the tests' own, the demo's, and one more by this variable. */
export const boardsVariable = 'GATEHOUSE_DASHBOARDS'

/** A dashboard of a file. */
export interface FileBoard {
  readonly name: string
  readonly uid: string
  readonly content: DashboardContent
}

/** Every dashboard there is to open. */
export function readBoards(): readonly FileBoard[] {
  const more = process.env[boardsVariable]
  const folders = [
    join(import.meta.dirname, 'dashboards-fixtures'),
    join(import.meta.dirname, '../../deploy/local/dashboards'),
    ...(more === undefined || more === '' ? [] : [more]),
  ]
  return folders.flatMap((folder, f) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .map((name) => {
        const content = JSON.parse(readFileSync(join(folder, name), 'utf8')) as DashboardContent
        return {
          name,
          uid: `b${f}-${name.replace(/\.json$/, '').replace(/[^\w-]/g, '-')}`.slice(0, 60),
          content,
        }
      }),
  )
}

// ada edits dashboards and reads her team's series; nemo may open what is in the folder, and query nothing else.
const access = (prometheusUrl: string): string => `
apiVersion: gatehouse/v1
kind: Access
orgs:
  - uid: transport
    name: Transport Agency
    publicSharing: true
    tenants: [transport]
    teams:
      - { uid: signals, name: Signals, idpGroups: [transport-signals] }
      - { uid: owners, name: Owners, idpGroups: [elsewhere] }
    folders: [{ uid: boards, title: Boards }]
    serviceAccounts: [{ uid: approver, name: Approver }]
    dataSources:
      - uid: metrics
        name: Metrics of transport
        shards:
          - name: all
            tenants: [transport, health]
            replicas: [{ name: a, url: '${prometheusUrl}' }]
    grants:
      - { serviceAccount: approver, role: viewer, on: { dataSource: metrics } }
      - { team: signals, role: org-admin }
      - { team: signals, role: viewer }
      - { team: signals, role: operator }
      - { team: owners, role: viewer, on: { folder: boards } }
`

/** Control, gateway and a Prometheus with the demo's series, and the dashboards of all folders, approved. */
export interface BoardsWorld {
  /** Between the gateway and its Prometheus. */
  readonly proxy: FaultyProxy
  readonly world: SignInWorld
  readonly boards: readonly FileBoard[]
  close(): Promise<void>
}

async function startMetrics(dir: string): Promise<Prometheus> {
  await ensureTools(['prometheus-2'])
  const flags = ['--web.enable-remote-write-receiver', '--enable-feature=exemplar-storage']
  const server = await startPrometheus({ version: '2', dataDir: join(dir, 'prometheus'), flags })
  const now = Math.floor(Date.now() / 1_000)
  const targets = demoTargets(now - 1_200)
  await writeHistory({ targets, urls: [server.url], from: now - 900, until: now + 1, step: 15 })
  return server
}

async function storeBoards(world: SignInWorld, boards: readonly FileBoard[]): Promise<void> {
  const pool = createPool({ url: world.config.database.url ?? '' })
  await withOrg(pool, 'transport', async (tx) => {
    for (const { uid, content, name } of boards) {
      const title = typeof content['title'] === 'string' ? content['title'] : name
      const save = { uid, folderUid: 'boards', title, content, message: 'from a file', savedBy: 'test' }
      const { version } = await createDashboard(tx, save)
      const by = { kind: 'service-account', uid: 'approver' } as const
      await approveDashboard(tx, { uid, version }, { by, dataSources: ['metrics'], constraints: [] })
    }
  })
  await pool.end()
}

export async function startBoardsWorld(): Promise<BoardsWorld> {
  const dir = temporaryDir()
  const prometheus = await startMetrics(dir.path)
  const proxy = await startFaultyProxy(prometheus.url)
  const world = await startSignInWorld({
    prometheusUrl: proxy.url,
    access,
    limits: { slowQuery: '1s' },
  })
  const boards = readBoards()
  await storeBoards(world, boards)
  const close = async (): Promise<void> => {
    await world.close()
    await proxy.close()
    await prometheus.stop()
    dir.remove()
  }
  return { proxy, world, boards, close }
}

/** What a page complained about: script errors, refusals by the content security policy, failed requests. */
export function listen(context: BrowserContext): string[] {
  const complaints: string[] = []
  context.on('weberror', (error) => complaints.push(error.error().message))
  context.on('console', (message) => {
    const text = message.text()
    if (message.type() === 'error' && !text.includes('401 (Unauthorized)')) complaints.push(text)
  })
  return complaints
}

export async function signIn(page: Page, name: string): Promise<void> {
  await page.getByRole('link', { name: 'Sign in with Demo agency login' }).click()
  await page.getByLabel('Sign-in name').fill(name)
  await page.getByLabel('Password').fill('right')
  await page.getByRole('button', { name: 'Sign in' }).click()
}

/** Scrolls through the page until every panel has been read. */
export async function readThrough(page: Page): Promise<void> {
  await page.locator('.panel').first().waitFor()
  const height = Number(await page.evaluate('document.documentElement.scrollHeight'))
  for (let y = 0; y <= height + 600; y += 600) {
    await page.evaluate(`scrollTo(0, ${y})`)
    await page.waitForTimeout(120)
  }
  const busy = page.locator('.panel[aria-busy="true"]')
  for (let i = 0; i < 100 && (await busy.count()) > 0; i++) await page.waitForTimeout(100)
  await page.evaluate('scrollTo(0, 0)')
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface AxeResult {
  readonly violations: readonly {
    readonly id: string
    readonly nodes: readonly { readonly target: unknown; readonly failureSummary?: string }[]
  }[]
}

/** What axe finds against WCAG 2.2 AA and its best practices, a line each. */
export async function axeFindings(page: Page): Promise<readonly string[]> {
  // Evaluated by the debugger, so the page's content security policy stays as it is.
  await page.evaluate(axeSource)
  const found = (await page.evaluate('axe.run()')) as AxeResult
  return found.violations.map(
    ({ id, nodes }) => `${id}: ${JSON.stringify(nodes[0]?.target)} ${nodes[0]?.failureSummary ?? ''}`,
  )
}
