import { randomUUID } from 'node:crypto'
import { systemEvent } from '@gatehouse/audit'
import type { AccessDocument, View } from '@gatehouse/authz'
import { GatehouseError } from '@gatehouse/errors'
import { printMatcher } from '@gatehouse/promql'
import {
  type AccessChange,
  type AccessPlan,
  applyAccessIn,
  attachRehearsal,
  type ChangedDataSource,
  createChangeRecorder,
  enterOrg,
  hashDocument,
  type OrgTransaction,
  planAccess,
  type Pool,
  withTransaction,
} from '@gatehouse/store'
import { findAlias } from '@gatehouse/upstream'
import { Command } from 'commander'
import { configFileHelp, loadConfigFile } from '../config-file.ts'
import { withDatabase } from '../database.ts'
import { readAccessFiles } from './access-files.ts'

interface PlanOptions {
  readonly 'config.file'?: string
  readonly adopt?: boolean
  /** Uid of the rehearsal of just these files. */
  readonly rehearsal?: string
  readonly output: 'text' | 'json'
}

function seriesOf({ alternatives, through }: View): string {
  const selectors = alternatives.map((matchers) => `{${matchers.map(printMatcher).join(',')}}`)
  const series = selectors.length === 0 ? 'nothing' : selectors.join(' or ')
  return through.length === 0 ? series : `${series} (only queries of ${through.join(', ')})`
}

type Difference = AccessPlan['orgs'][number]['differences' | 'groups'][number]

function printDifference({ kind, uid, name, gained, lost, series }: Difference): void {
  console.log(kind === 'group' ? `  whoever has the group ${name}` : `  ${name} [${kind} ${uid}]`)
  for (const permission of gained) console.log(`    + ${permission}`)
  for (const permission of lost) console.log(`    - ${permission}`)
  for (const { dataSource, actions, change, before, after } of series) {
    // Alerts, rules and silences are named where queries do not change likewise.
    const what = actions.includes('datasources:query') ? 'series' : `series for ${actions.join(', ')}`
    console.log(`    ${dataSource}: ${change} ${what}, ${seriesOf(before)} → ${seriesOf(after)}`)
  }
}

const maxNamed = 50

function printDataSource(orgUid: string, { uid, name, askedBy }: ChangedDataSource): void {
  const others = Math.max(0, askedBy.length - maxNamed)
  const named = askedBy.slice(0, maxNamed).map((who) => `${who.name} [${who.kind} ${who.uid}]`)
  const all = [...named, ...(others === 0 ? [] : [`${others} others`])].join(', ')
  console.log(`${orgUid}: ${name} [data source ${uid}] is answered otherwise; queried by ${all || 'nobody'}`)
}

function issuersOf(issuers: readonly string[] | undefined): string {
  return issuers?.join(', ') ?? 'all identity providers'
}

const signs = { added: '+', changed: '~', removed: '-' } as const

function printPlan({ changes, orgs }: AccessPlan): void {
  for (const { orgUid, table, kind, key } of changes) console.log(`${signs[kind]} ${orgUid} ${table} ${key}`)
  if (changes.length === 0) console.log('nothing to change')
  for (const { orgUid, differences, later, groups, issuers, dataSources } of orgs) {
    if (issuers !== undefined)
      console.log(
        `${orgUid}: takes people of ${issuersOf(issuers.after)}, before of ${issuersOf(issuers.before)}`,
      )
    if (differences.length > 0) console.log(`${orgUid}: access changes for ${differences.length}`)
    for (const difference of differences) printDifference(difference)
    for (const { at, differences: then, groups: thenGroups } of later) {
      const from = new Date(at).toISOString()
      const all = [...then, ...thenGroups]
      console.log(`${orgUid}: from ${from} on, access changes for ${all.length || 'nobody'}`)
      for (const difference of all) printDifference(difference)
    }
    if (groups.length > 0) console.log(`${orgUid}: other teams for ${groups.length} IdP groups`)
    for (const difference of groups) printDifference(difference)
    for (const source of dataSources) printDataSource(orgUid, source)
  }
}

/** Where several identity providers are configured, each can name groups: an org that names none of them takes people of all. */
function warnOfIssuers({ orgs }: AccessDocument, configFile: string | undefined): void {
  const { issuers } = loadConfigFile(configFile)
  if (issuers.length < 2) return
  for (const { uid, issuers: own } of orgs)
    if (own === undefined)
      console.error(
        `gatehouse: ${uid} names no issuers: groups of all ${issuers.length} identity providers count in it`,
      )
}

async function plan(files: readonly string[], options: PlanOptions): Promise<void> {
  const document = readAccessFiles(files)
  warnOfIssuers(document, options['config.file'])
  const adopt = options.adopt === true
  const planned = await withDatabase(options['config.file'], (pool) =>
    planAccess(pool, document, { now: Date.now(), adopt, findAlias }),
  )
  if (options.output === 'json') console.log(JSON.stringify(planned, undefined, 2))
  else printPlan(planned)
  if (planned.changes.length > 0) process.exitCode = 1
}

/** Attaches a rehearsal to the event of the change. @throws GatehouseError if it was of something else. */
async function attach(
  tx: OrgTransaction,
  { uid, documentSha256, change }: { uid: string; documentSha256: string; change: string },
): Promise<void> {
  const rehearsed = await attachRehearsal(tx, uid, { change, by: 'gatehouse' })
  if (rehearsed.documentSha256 !== documentSha256)
    throw new GatehouseError('conflict', 'the rehearsal is of other access files: rehearse these')
}

/** Applies a document and writes the event of each org it changes, all in one transaction. */
async function applyRecorded(
  pool: Pool,
  document: AccessDocument,
  options: { readonly adopt: boolean; readonly rehearsal: string | undefined },
): Promise<readonly AccessChange[]> {
  const record = createChangeRecorder()
  const documentSha256 = hashDocument(document)
  return withTransaction(pool, async (tx) => {
    const changes = await applyAccessIn(tx, document, { ...options, findAlias })
    for (const { uid } of document.orgs) {
      const own = changes.filter(({ orgUid }) => orgUid === uid)
      if (own.length === 0) continue
      const counts = { added: 0, changed: 0, removed: 0 }
      for (const { kind } of own) counts[kind] += 1
      const event = systemEvent({
        code: 'A020I',
        action: 'policies:apply',
        process: 'gatehouse policy apply',
        detail: {
          ...counts,
          documentSha256,
          ...(options.rehearsal === undefined ? {} : { rehearsal: options.rehearsal }),
          rows: own.slice(0, 200).map(({ table, kind, key }) => `${kind} ${table} ${key}`),
        },
        now: Date.now(),
        uuid: randomUUID(),
      })
      const entered = await enterOrg(tx, uid)
      if (options.rehearsal !== undefined)
        await attach(entered, { uid: options.rehearsal, documentSha256, change: event.id })
      await record(entered, { ...event, orgUid: uid, resource: { kind: 'orgs', uid } })
    }
    return changes
  })
}

async function apply(files: readonly string[], options: PlanOptions): Promise<void> {
  const document = readAccessFiles(files)
  warnOfIssuers(document, options['config.file'])
  const changes = await withDatabase(options['config.file'], (pool) =>
    applyRecorded(pool, document, { adopt: options.adopt === true, rehearsal: options.rehearsal }),
  )
  if (options.output === 'json') console.log(JSON.stringify({ changes }, undefined, 2))
  else printPlan({ changes, orgs: [] })
}

function withOptions(command: Command): Command {
  return command
    .argument('<files...>', 'access files (YAML); together they declare their orgs wholly')
    .option('--adopt', 'take over orgs whose access is managed through the API')
    .option('-o, --output <format>', 'text or json', 'text')
    .option('--config.file <path>', configFileHelp)
}

/** `gatehouse policy plan`: what applying would do, in rows and in people and data sources; exit code 1 if anything. */
export function planCommand(): Command {
  return withOptions(new Command('plan'))
    .description('what applying access files would do, to people and data sources; 1 if anything')
    .action(plan)
}

/** `gatehouse policy apply`: makes the access of the files' orgs what they say, all or nothing. */
export function applyCommand(): Command {
  return withOptions(new Command('apply'))
    .option('--rehearsal <uid>', 'the rehearsal of these files, to be attached to the change')
    .description('make the access of the files’ orgs exactly what they say, all of it or nothing')
    .action(apply)
}
