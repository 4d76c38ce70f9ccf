// Sends every query of the dashboards of a folder through a real gateway, as somebody who may only open them:
//   node scripts/dashboards.ts <folder> [sets of values for each query, default 5]
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  checkCapability,
  compileCapability,
  interpolate,
  nearMiss,
  nearMisses,
  randomValues,
  readDashboard,
  seededRandom,
} from '@gatehouse/authz'
import { parse, print } from '@gatehouse/promql'
import { approveDashboard, createDashboard, type DashboardContent, withOrg } from '@gatehouse/store'
import { type GatewayWorld, startGatewayWorld } from '../test/support/gateway-world.ts'
import { prepareTemplate, startTestPostgres, testPostgresVariable } from '../test/support/postgres.ts'
import { callApi } from '../test/support/prometheus-api.ts'
import { shardsYaml, startShards } from '../test/support/stack.ts'

const [folder = '.', rounds = '5'] = process.argv.slice(2)
const random = seededRandom(1)

async function addDashboard(world: GatewayWorld, uid: string, content: DashboardContent): Promise<void> {
  await withOrg(world.pool, 'transport', async (tx) => {
    const save = { uid, folderUid: 'boards', title: uid, content, message: '', savedBy: 'script' }
    const { version } = await createDashboard(tx, save)
    const by = { kind: 'service-account', uid: 'owner' } as const
    await approveDashboard(tx, { uid, version }, { by, dataSources: ['metrics'], constraints: [] })
  })
}

const postgres = await startTestPostgres()
process.env[testPostgresVariable] = postgres.url
await prepareTemplate(postgres.url)
const shards = await startShards(process.env['GATEHOUSE_PROMETHEUS'] === '3' ? '3' : '2')
const world = await startGatewayWorld({
  access: `
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
`,
})
try {
  const token = await world.token('transport', 'viewer')
  const ask = (query: string): ReturnType<typeof callApi> =>
    callApi(world.base(), 'query', { token, parameters: { query, time: String(shards.now) } })
  const boards = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name, i) => {
      const content = JSON.parse(readFileSync(join(folder, name), 'utf8')) as DashboardContent
      return { name, uid: `board-${i}`, content, board: readDashboard(content) }
    })
  const capabilities = boards.map(({ board }) => compileCapability(board))
  for (const { uid, content } of boards) await addDashboard(world, uid, content)
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  console.log('| dashboard | queries | compiled | sent | answered | near misses sent | refused |')
  console.log('|---|---|---|---|---|---|---|')
  const total = [0, 0, 0, 0, 0, 0]
  for (const { name, board } of boards) {
    const check = checkCapability(board, { random: seededRandom(1), rounds: 0 })
    const counts = [check.queries, check.compiled, 0, 0, 0, 0]
    const count = (i: number): void => {
      counts[i] = (counts[i] ?? 0) + 1
    }
    for (const query of board.queries.filter(({ kind }) => kind !== 'variable')) {
      for (let round = 0; round < Number(rounds); round += 1) {
        const text = interpolate(query.text, board.variables, randomValues(board.variables, random))
        count(2)
        const answer = await ask(text)
        if (answer.status === 200) count(3)
        else console.error(`${name}: ${answer.status} ${answer.text}\n    ${text}`)
      }
      const text = interpolate(query.text, board.variables, randomValues(board.variables, random))
      for (const kind of nearMisses) {
        if (kind === 'number' && query.text !== text) continue
        const miss = nearMiss(parse(text), kind, random)
        // Another panel, of any of the dashboards, may ask for just that; then it is granted, not missed.
        const granting =
          miss && capabilities.map((c) => c.admits({ kind: 'expr', expr: miss })).find((q) => q)
        if (miss === undefined || (granting !== undefined && granting.text !== query.text)) continue
        count(4)
        const answer = await ask(print(miss))
        if (answer.status === 403) count(5)
        else console.error(`${name}: near miss ${kind} answered ${answer.status}\n    ${print(miss)}`)
      }
    }
    counts.forEach((n, i) => {
      total[i] = (total[i] ?? 0) + n
    })
    console.log(`| ${[name, ...counts].join(' | ')} |`)
  }
  console.log(`| ${['all', ...total].join(' | ')} |`)
} finally {
  await world.close()
  await shards.close()
  await postgres.stop()
}
