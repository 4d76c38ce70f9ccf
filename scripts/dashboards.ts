// Sends what Grafana asks for every query of the dashboards of a folder through a real gateway, as somebody who may only open them,
// and near misses of it; with a document, its table of that name is written anew:
//   npm exec -c 'node scripts/dashboards.ts <folder> [sets of values for each query, default 5] [<document> <name of the table>]'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Ask,
  asksOf,
  type Capability,
  type CapabilityRequest,
  compileCapability,
  type Dashboard,
  type DashboardQuery,
  missesOf,
  randomValues,
  readAsk,
  readDashboard,
  seededRandom,
} from '@gatehouse/authz'
import { print } from '@gatehouse/promql'
import { approveDashboard, createDashboard, type DashboardContent, withOrg } from '@gatehouse/store'
import { type GatewayWorld, startGatewayWorld } from '../test/support/gateway-world.ts'
import { prepareTemplate, startTestPostgres, testPostgresVariable } from '../test/support/postgres.ts'
import { callApi } from '../test/support/prometheus-api.ts'
import { type Shards, shardsYaml, startShards } from '../test/support/stack.ts'

const [folder = '.', rounds = '5', document, tableName = ''] = process.argv.slice(2)
const random = seededRandom(1)

interface Board {
  readonly name: string
  readonly uid: string
  readonly content: DashboardContent
  readonly board: Dashboard
  readonly capability: Capability
}

const counted = [
  'queries',
  'compiled',
  'no PromQL',
  'requests sent',
  'answered',
  'near misses sent',
  'refused',
] as const
type Counts = Record<(typeof counted)[number], number>
const noCounts: Counts = {
  queries: 0,
  compiled: 0,
  'no PromQL': 0,
  'requests sent': 0,
  answered: 0,
  'near misses sent': 0,
  refused: 0,
}

const accessOf = (shards: Shards): string => `
apiVersion: gatehouse/v1
kind: Access
orgs:
  - uid: transport
    name: Transport
    tenants: [transport]
    folders: [{ uid: boards, title: Boards }]
    serviceAccounts: [{ uid: owner, name: Owner }, { uid: viewer, name: Viewer }]
    dataSources:
      - uid: metrics
        name: Metrics
        shards: ${shardsYaml(shards)}
    grants:
      - { serviceAccount: owner, role: viewer, on: { dataSource: metrics } }
      - { serviceAccount: viewer, role: viewer, on: { folder: boards } }
`

function readBoards(): readonly Board[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'))
  return files.toSorted().map((name, i) => {
    const content = JSON.parse(readFileSync(join(folder, name), 'utf8')) as DashboardContent
    const board = readDashboard(content)
    return { name, uid: `board-${i}`, content, board, capability: compileCapability(board) }
  })
}

async function addDashboard(world: GatewayWorld, { uid, content }: Board): Promise<void> {
  await withOrg(world.pool, 'transport', async (tx) => {
    const save = { uid, folderUid: 'boards', title: uid, content, message: '', savedBy: 'script' }
    const { version } = await createDashboard(tx, save)
    const by = { kind: 'service-account', uid: 'owner' } as const
    await approveDashboard(tx, { uid, version }, { by, dataSources: ['metrics'], constraints: [] })
  })
}

interface Client {
  readonly world: GatewayWorld
  readonly token: string
  readonly now: number
}

interface Call {
  readonly path: string
  readonly parameters: readonly [string, string][]
}

/** A request to a capability as a call of the API. */
function callOf(request: CapabilityRequest): Call {
  switch (request.kind) {
    case 'expr':
      return { path: 'query', parameters: [['query', print(request.expr)]] }
    case 'exemplars':
      return { path: 'query_exemplars', parameters: [['query', print(request.expr)]] }
    default: {
      const parameters = request.matches.map((match): [string, string] => ['match[]', print(match)])
      const path = { 'label-names': 'labels', series: 'series', 'label-values': '' }[request.kind]
      return { path: request.kind === 'label-values' ? `label/${request.label}/values` : path, parameters }
    }
  }
}

/** The same as Grafana writes it, in its own words. */
function callOfAsk(ask: Ask): Call {
  if (ask.endpoint === 'query' || ask.endpoint === 'query_exemplars')
    return { path: ask.endpoint, parameters: [['query', ask.query]] }
  const path = ask.endpoint === 'label_values' ? `label/${ask.label}/values` : ask.endpoint
  return { path, parameters: ask.match === undefined ? [] : [['match[]', ask.match]] }
}

async function statusOf({ world, token, now }: Client, { path, parameters }: Call): Promise<number> {
  const range = { start: String(now - 3_600), end: String(now) }
  const times = Object.entries(path === 'query' ? { time: range.end } : range)
  const method = path.startsWith('label/') ? 'GET' : 'POST'
  const { status } = await callApi(world.base(), path, {
    token,
    method,
    parameters: [...parameters, ...times],
  })
  return status
}

/** Whether a request that was changed asks for more: unless another query, of any dashboard, grants it or ad-hoc filters narrow it. */
function isMiss(boards: readonly Board[], query: DashboardQuery, miss: CapabilityRequest): boolean {
  if (miss.kind === 'exemplars' && query.exemplars === true) return false
  return boards.every(({ capability }) => {
    const admission = capability.admits(miss)
    return admission === undefined || (admission.query === query && admission.instead?.kind !== 'narrowed')
  })
}

async function tryQuery(
  client: Client,
  boards: readonly Board[],
  { board, name }: Board,
  query: DashboardQuery,
) {
  const counts = { ...noCounts }
  for (let round = 0; round < Number(rounds); round += 1) {
    const asks = asksOf(query, board.variables, randomValues(board.variables, random))
    const sent = asks.flatMap((ask) => {
      const request = readAsk(ask)
      return request === undefined ? [] : [{ ask, request }]
    })
    counts['no PromQL'] += asks.length - sent.length
    for (const { ask } of sent) {
      counts['requests sent'] += 1
      const status = await statusOf(client, callOfAsk(ask))
      if (status === 200) counts.answered += 1
      else console.error(`${name}: ${status} to ${JSON.stringify(ask)}`)
    }
    if (round > 0) continue
    for (const { kind, request } of sent.flatMap((one) => missesOf(one.request, random))) {
      // Where a variable stands for any number, another number is no miss.
      if ((kind === 'number' && query.text.includes('$')) || !isMiss(boards, query, request)) continue
      counts['near misses sent'] += 1
      const call = callOf(request)
      const status = await statusOf(client, call)
      if (status === 403) counts.refused += 1
      else console.error(`${name}: near miss ${kind} answered ${status}: ${JSON.stringify(call)}`)
    }
  }
  return counts
}

function sum(all: readonly Counts[]): Counts {
  const total = { ...noCounts }
  for (const counts of all) for (const key of counted) total[key] += counts[key]
  return total
}

const row = (name: string, counts: Counts): string =>
  `| ${[name, ...counted.map((key) => counts[key])].join(' | ')} |`

async function tryBoards(client: Client, boards: readonly Board[]): Promise<string> {
  const lines = [`| dashboard | ${counted.join(' | ')} |`, `|${'---|'.repeat(counted.length + 1)}`]
  const all: Counts[] = []
  for (const board of boards) {
    const { granted, refused } = board.capability
    for (const { query, reason } of refused) console.error(`${board.name}: ${query.where}: ${reason}`)
    const tried: Counts[] = []
    for (const query of granted) tried.push(await tryQuery(client, boards, board, query))
    const counts = { ...sum(tried), queries: granted.length + refused.length, compiled: granted.length }
    all.push(counts)
    lines.push(row(board.name, counts))
    console.log(lines.at(-1))
  }
  lines.push(row('all', sum(all)))
  return lines.join('\n')
}

function writeTable(file: string, table: string): void {
  const text = readFileSync(file, 'utf8')
  const [start, end] = [`<!-- table: ${tableName} -->`, '<!-- end -->']
  const from = text.indexOf(start)
  const to = text.indexOf(end, from)
  if (from === -1 || to === -1) throw new Error(`${file} has no table ${tableName}`)
  writeFileSync(file, `${text.slice(0, from + start.length)}\n\n${table}\n\n${text.slice(to)}`)
}

const postgres = await startTestPostgres()
process.env[testPostgresVariable] = postgres.url
await prepareTemplate(postgres.url)
const shards = await startShards(process.env['GATEHOUSE_PROMETHEUS'] === '3' ? '3' : '2')
const world = await startGatewayWorld({ access: accessOf(shards) })
try {
  const boards = readBoards()
  for (const board of boards) await addDashboard(world, board)
  const token = await world.token('transport', 'viewer')
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  const table = await tryBoards({ world, token, now: shards.now }, boards)
  console.log(table.split('\n').at(-1))
  if (document !== undefined) writeTable(document, table)
} finally {
  await world.close()
  await shards.close()
  await postgres.stop()
}
