import {
  type AccessPath,
  type ApprovedDashboard,
  createCapabilities,
  type DashboardPath,
  dashboardPaths,
  explain,
  type ExplainQuestion,
  isAction,
  kindsOf,
  type OrgPolicy,
  parseAsked,
  type Principal,
  principalOfMember,
  principalOfServiceAccount,
  type Resource,
  type ResourceKind,
  whoCan,
  type WhoEntry,
  whoThroughDashboards,
} from '@gatehouse/authz'
import { GatehouseError } from '@gatehouse/errors'
import { printMatcher } from '@gatehouse/promql'
import { enterTime, findDashboard, type OrgTransaction, readSnapshot, withOrg } from '@gatehouse/store'
import { Command } from 'commander'
import { configFileHelp } from '../config-file.ts'
import { withDatabase } from '../database.ts'
import { localAdminCommand } from './local-admin.ts'

interface AskOptions {
  readonly 'config.file'?: string
  readonly org: string
  /** `u-1` or `service-account:ci`. */
  readonly as?: string
  readonly selector?: string
  readonly at?: string
  readonly settings: string
}

/** By uid, or by a name that only one person of the org has. */
function memberOf({ members, orgUid }: OrgPolicy, user: string): OrgPolicy['members'][number] | undefined {
  const byUid = members.find(({ uid }) => uid === user)
  const named = members.filter(({ name }) => name === user)
  if (byUid === undefined && named.length > 1) {
    const uids = named.map(({ uid }) => uid).join(', ')
    throw new GatehouseError(
      'bad_data',
      `several people of ${orgUid} are called ${user}: give one of ${uids}`,
    )
  }
  return byUid ?? named[0]
}

function principalOf(policy: OrgPolicy, as: string): Principal {
  const [, account] = /^service-account:(.+)$/.exec(as) ?? []
  const user = as.replace(/^user:/, '')
  const found =
    account === undefined ? memberOf(policy, user) : policy.serviceAccounts.find(({ uid }) => uid === account)
  if (found === undefined) throw new GatehouseError('bad_data', `there is no ${as} in ${policy.orgUid}`)
  return 'isDisabled' in found && 'teams' in found
    ? principalOfMember(policy, found)
    : principalOfServiceAccount(policy, found)
}

function kindOf(text: string, kinds: readonly ResourceKind[]): ResourceKind {
  const kind = kinds.find((candidate) => candidate === text)
  if (kind === undefined) throw new GatehouseError('bad_data', `${text} is not one of ${kinds.join(', ')}`)
  return kind
}

/** `metrics` (of the action's own kind) or `folder:ops`. */
async function resourceOf(
  tx: OrgTransaction,
  text: string,
  { kinds, policy }: { readonly kinds: readonly ResourceKind[]; readonly policy: OrgPolicy },
): Promise<Resource> {
  const [, ofKind, rest] = /^([a-z-]+):(.+)$/.exec(text) ?? []
  const kind = ofKind === undefined ? kinds[0] : kindOf(ofKind, kinds)
  if (kind === undefined) throw new GatehouseError('bad_data', 'the action applies to nothing')
  const uid = rest ?? text
  const base = { kind, uid, orgUid: tx.orgUid }
  const there = <T>(thing: T | undefined): T => {
    if (thing === undefined)
      throw new GatehouseError('bad_data', `there is no ${kind.replace('-', ' ')} ${uid} in ${tx.orgUid}`)
    return thing
  }
  const named = <T extends { readonly uid: string }>(things: readonly T[]): T =>
    there(things.find((thing) => thing.uid === uid))
  switch (kind) {
    case 'org':
    case 'audit-log':
      return named([{ ...base, uid: tx.orgUid }])
    case 'team':
      return { ...base, uid: named(policy.teams).uid }
    case 'data-source':
      return { ...base, uid: named(policy.dataSources).uid }
    case 'grant':
      return { ...base, uid: named(policy.grants).uid }
    case 'folder':
      return { ...base, folderUid: named(policy.folders).parentUid }
    case 'service-account':
      return { ...base, teamUid: named(policy.serviceAccounts).teamUid }
    case 'dashboard':
      return { ...base, folderUid: there(await findDashboard(tx, uid)).folderUid }
    case 'role':
      return { ...base, uid: there(policy.roles.find(({ name }) => name === uid)).name }
  }
}

interface Asked {
  readonly policy: OrgPolicy
  readonly dashboards: readonly ApprovedDashboard[]
  readonly question: Omit<ExplainQuestion, 'principal'>
}

async function ask<T>(
  action: string,
  target: string,
  options: AskOptions,
  answer: (asked: Asked) => T,
): Promise<T> {
  if (!isAction(action))
    throw new GatehouseError('bad_data', `${action} is not an action; see policies/permissions.yaml`)
  const now = options.at === undefined ? Date.now() : Date.parse(options.at)
  if (Number.isNaN(now))
    throw new GatehouseError('bad_data', '--at wants a time such as 2026-01-31T12:00:00Z')
  const selector = options.selector === undefined ? undefined : parseAsked(options.selector)
  return withDatabase(options['config.file'], (pool) =>
    withOrg(pool, options.org, async (tx) => {
      const isPast = options.at !== undefined && now < Date.now()
      if (isPast && options.settings !== 'now') await enterTime(tx, now)
      const { policy, dashboards } = await readSnapshot(tx)
      const resource = await resourceOf(tx, target, { kinds: kindsOf(action), policy })
      return answer({ policy, dashboards, question: { action, resource, now, selector } })
    }),
  )
}

const capabilityOf = createCapabilities()

/** One step a line would be too much: claim → team → grant → role → permission, and how it ends. */
function printPath({ groups, source, grant, role, permissions, fails }: AccessPath): void {
  const claim = groups.length === 0 ? '' : `groups ${groups.join(', ')} → `
  const { kind, uid } = grant.subject
  const by = kind === 'team' && source === 'manual' ? ' (by hand)' : ''
  const named = role === undefined ? grant.role : `${role.name} v${role.version}`
  const held = permissions.map(({ action, scope }) => (scope === '*' ? action : `${action} ${scope}`))
  const permission = held.length === 0 ? 'no such permission' : held.join(', ')
  const end = fails === undefined ? 'allows' : `fails at ${fails}`
  console.log(
    `  ${claim}${kind} ${uid}${by} → grant ${grant.uid} → role ${named} → permission ${permission}: ${end}`,
  )
}

function seriesText(alternatives: DashboardPath['constraints']['alternatives']): string {
  return alternatives.map((all) => `{${all.map(printMatcher).join(',')}}`).join(' or ')
}

function printDashboards(paths: readonly DashboardPath[]): void {
  for (const { dashboard, title, queries, because, constraints } of paths) {
    const by = [...new Set(because.map(({ grantUid }) => grantUid))].join(', ')
    console.log(
      `  dashboard ${dashboard.uid} ${title} (${by}) → just its queries → ${seriesText(constraints.alternatives)}`,
    )
    for (const { where, text } of queries) console.log(`    ${where}: ${text}`)
  }
}

async function why(action: string, target: string, options: AskOptions, isBrief: boolean): Promise<void> {
  const answer = await ask(action, target, options, ({ policy, dashboards, question }) => {
    const full = { ...question, principal: principalOf(policy, options.as ?? '') }
    return { ...explain(policy, full), through: dashboardPaths(policy, full, { dashboards, capabilityOf }) }
  })
  const { decision, firstFailing, paths, through } = answer
  const isAllowed = decision.allowed && firstFailing === undefined
  const no = through.length > 0 ? 'no, but queries of dashboards' : 'no'
  console.log(isAllowed ? 'yes' : `${no} (fails first: ${firstFailing ?? 'unknown'})`)
  if (!isAllowed) process.exitCode = 1
  if (isBrief) return
  if (decision.allowed)
    for (const matchers of decision.constraints.alternatives)
      console.log(`  series ${seriesText([matchers])}`)
  for (const path of paths) printPath(path)
  printDashboards(through)
}

function printHolder({ kind, uid, name, because, until, constraints }: WhoEntry): void {
  const ends = until === undefined ? '' : ` until ${new Date(until).toISOString()}`
  const series = seriesText(constraints.alternatives)
  const by = because.map(({ via, role, grantUid }) => `${via} ${role} (${grantUid})`).join(', ')
  console.log(`${kind} ${uid} ${name}${ends}: ${by}${series === '' ? '' : ` → ${series}`}`)
}

async function who(action: string, target: string, options: AskOptions): Promise<void> {
  const entries = await ask(action, target, options, ({ policy, dashboards, question }) => [
    ...whoCan(policy, question),
    ...whoThroughDashboards(policy, question, { dashboards, capabilityOf }),
  ])
  for (const entry of entries) printHolder(entry)
  if (entries.length === 0) process.exitCode = 1
}

function asking(name: string): Command {
  return new Command(name)
    .argument('<action>', 'such as datasources:query')
    .argument('<resource>', 'uid, or kind and uid such as folder:ops')
    .requiredOption('--org <uid>', 'org')
    .option('--selector <selector>', 'only series of this selector, such as \'{env="prod"}\'')
    .option('--at <time>', 'as of this time')
    .option('--settings <then|now>', 'with --at: by the access settings of then, or by those of now', 'then')
    .option('--config.file <path>', configFileHelp)
}

const asHelp = 'who: a user’s uid or name, or service-account:<uid>'

/** `gatehouse auth`: who may do what, and why; reads the database. */
export function authCommand(): Command {
  return new Command('auth')
    .description('who may do what, and why; exit code 1 for no')
    .addCommand(
      asking('can-i')
        .description('whether somebody may')
        .requiredOption('--as <principal>', asHelp)
        .action((action: string, target: string, options: AskOptions) => why(action, target, options, true)),
    )
    .addCommand(
      asking('why')
        .description('why somebody may or may not, grant by grant')
        .requiredOption('--as <principal>', asHelp)
        .action((action: string, target: string, options: AskOptions) => why(action, target, options, false)),
    )
    .addCommand(localAdminCommand())
    .addCommand(asking('who').description('everybody who may, and by which grants').action(who))
}
