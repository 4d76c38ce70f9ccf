import { randomUUID } from 'node:crypto'
import { isIP } from 'node:net'
import { type EventCode, systemEvent } from '@gatehouse/audit'
import { authorize, principalOfServiceAccount } from '@gatehouse/authz'
import { GatehouseError } from '@gatehouse/errors'
import { hashSecret, newServiceAccountToken } from '@gatehouse/identity'
import {
  createChangeRecorder,
  createToken,
  listTokens,
  type OrgTransaction,
  readSnapshot,
  revokeToken,
  type ServiceAccountToken,
  shortenToken,
  withOrg,
} from '@gatehouse/store'
import { Command, InvalidArgumentError } from 'commander'
import { configFileHelp, loadConfigFile } from '../config-file.ts'
import { withDatabase } from '../database.ts'
import { grafanaProvisioning } from './grafana.ts'

interface TokenOptions {
  readonly 'config.file'?: string
  readonly org: string
}
interface ShowOptions extends TokenOptions {
  readonly grafana?: boolean
}
interface CreateOptions extends ShowOptions {
  readonly name: string
  readonly days: number
  readonly cidr: readonly string[]
}
interface RotateOptions extends ShowOptions {
  readonly days: number
  /** Minutes. */
  readonly overlap: number
}

const dayMs = 86_400_000
const maxDays = 90
/** A week, in minutes. */
const maxOverlap = 10_080
/** What is kept and shown of a token. */
const prefixLength = 16

function days(text: string): number {
  if (!/^\d{1,2}$/.test(text) || Number(text) < 1 || Number(text) > maxDays)
    throw new InvalidArgumentError(`a number from 1 to ${maxDays}`)
  return Number(text)
}

function minutes(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > maxOverlap)
    throw new InvalidArgumentError(`a number from 0 to ${maxOverlap}`)
  return Number(text)
}

function networks(text: string, all: readonly string[]): readonly string[] {
  const [, address = '', bits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? []
  const family = isIP(address)
  if (family === 0 || Number(bits) > (family === 4 ? 32 : 128))
    throw new InvalidArgumentError('a network such as 10.0.0.0/8 or 2001:db8::/32')
  return [...all, text]
}

const record = createChangeRecorder()

interface Noted {
  readonly code: EventCode
  readonly action: string
  readonly uid: string
  readonly detail: Readonly<Record<string, unknown>>
}

async function note(tx: OrgTransaction, { code, action, uid, detail }: Noted): Promise<void> {
  const process = 'gatehouse token'
  const event = systemEvent({ code, action, process, detail, now: Date.now(), uuid: randomUUID() })
  await record(tx, { ...event, orgUid: tx.orgUid, resource: { kind: 'tokens', uid } })
}

interface Issue {
  readonly account: string
  readonly name: string
  readonly days: number
  readonly cidr: readonly string[]
  /** What is audited, for each new token. */
  note(made: ServiceAccountToken): Noted
}

interface Issued {
  readonly token: string
  readonly stored: ServiceAccountToken
  /** The data sources that the account may query now. */
  readonly sources: readonly string[]
}

async function readable(tx: OrgTransaction, accountUid: string): Promise<readonly string[]> {
  const { policy } = await readSnapshot(tx)
  const account = policy.serviceAccounts.find(({ uid }) => uid === accountUid)
  if (account === undefined)
    throw new GatehouseError('bad_data', `there is no service account ${accountUid} in ${tx.orgUid}`)
  const principal = principalOfServiceAccount(policy, account)
  const now = Date.now()
  const mayQuery = (uid: string): boolean => {
    const resource = { kind: 'data-source', uid, orgUid: tx.orgUid } as const
    return authorize(policy, { principal, action: 'datasources:query', resource, now }).allowed
  }
  return policy.dataSources.map(({ uid }) => uid).filter(mayQuery)
}

async function issue(
  tx: OrgTransaction,
  { account, name, days, cidr, note: noteOf }: Issue,
): Promise<Issued> {
  const sources = await readable(tx, account)
  const token = newServiceAccountToken()
  const stored = await createToken(tx, {
    serviceAccountUid: account,
    name,
    prefix: token.slice(0, prefixLength),
    hash: hashSecret(token),
    expiresAt: Date.now() + days * dayMs,
    sourceCidrs: cidr,
  })
  await note(tx, noteOf(stored))
  return { token, stored, sources }
}

function grafanaOf({ stored, sources }: Issued, bearer: string, options: TokenOptions): string {
  return grafanaProvisioning(
    loadConfigFile(options['config.file']),
    sources.map((dataSource) => ({
      dataSource,
      name: `${dataSource} (${options.org}/${stored.serviceAccountUid})`,
      scrapeInterval: '30s',
      bearer,
      account: `${options.org} ${stored.serviceAccountUid}`,
    })),
  )
}

/**
 * Only the token goes to standard output, or Grafana's file with the token in it, so that it can be put straight where it belongs;
 * what goes to standard error may be kept in logs.
 */
function show(issued: Issued, options: ShowOptions): void {
  const { token, stored, sources } = issued
  const { uid, serviceAccountUid: account, expiresAt } = stored
  if (sources.length === 0) console.error(`${account} may query no data source yet`)
  console.error(`token ${uid} of ${account} until ${new Date(expiresAt).toISOString()}; shown this once:`)
  if (options.grafana === true) {
    process.stdout.write(grafanaOf(issued, token, options))
    return
  }
  console.log(token)
  if (sources.length > 0)
    console.error(
      `Grafana, with the token in its environment as GATEHOUSE_TOKEN:\n${grafanaOf(issued, '$GATEHOUSE_TOKEN', options)}`,
    )
}

async function create(account: string, options: CreateOptions): Promise<void> {
  const { name, days: lifetime, cidr } = options
  const noteOf = ({ uid, expiresAt }: ServiceAccountToken): Noted => {
    const detail = { serviceAccount: account, name, expiresAt: new Date(expiresAt).toISOString() }
    return { code: 'T001I', action: 'tokens:create', uid, detail }
  }
  const issued = await withDatabase(options['config.file'], (pool) =>
    withOrg(pool, options.org, (tx) => issue(tx, { account, name, days: lifetime, cidr, note: noteOf })),
  )
  show(issued, options)
}

async function rotate(oldUid: string, options: RotateOptions): Promise<void> {
  const oldEnd = Date.now() + options.overlap * 60_000
  const issued = await withDatabase(options['config.file'], (pool) =>
    withOrg(pool, options.org, async (tx) => {
      const old = (await listTokens(tx)).find(({ uid }) => uid === oldUid)
      if (old === undefined || !(await shortenToken(tx, oldUid, oldEnd)))
        throw new GatehouseError('bad_data', `there is no token ${oldUid} that still works`)
      const { serviceAccountUid: account, name, sourceCidrs: cidr } = old
      const noteOf = ({ uid, expiresAt }: ServiceAccountToken): Noted => {
        const overlapSeconds = options.overlap * 60
        const expiry = new Date(expiresAt).toISOString()
        const detail = { serviceAccount: account, replaces: oldUid, overlapSeconds, expiresAt: expiry }
        return { code: 'T004I', action: 'tokens:rotate', uid, detail }
      }
      return issue(tx, { account, name, days: options.days, cidr, note: noteOf })
    }),
  )
  console.error(`${oldUid} works for ${options.overlap} more minutes`)
  show(issued, options)
}

async function list(account: string | undefined, options: TokenOptions): Promise<void> {
  const tokens = await withDatabase(options['config.file'], (pool) =>
    withOrg(pool, options.org, (tx) => listTokens(tx, account)),
  )
  const day = (time: number | undefined): string =>
    time === undefined ? 'never' : new Date(time).toISOString()
  for (const { uid, serviceAccountUid, name, prefix, expiresAt, revokedAt, lastUsedAt } of tokens) {
    const end = revokedAt === undefined ? `expires ${day(expiresAt)}` : `revoked ${day(revokedAt)}`
    console.log(`${uid} ${serviceAccountUid} ${prefix}… ${name}: ${end}, last used ${day(lastUsedAt)}`)
  }
}

async function revoke(uid: string, options: TokenOptions): Promise<void> {
  const isRevoked = await withDatabase(options['config.file'], (pool) =>
    withOrg(pool, options.org, async (tx) => {
      if (!(await revokeToken(tx, uid))) return false
      await note(tx, { code: 'T002I', action: 'tokens:revoke', uid, detail: {} })
      return true
    }),
  )
  console.log(isRevoked ? `revoked ${uid}` : `there is no token ${uid} that still works`)
  if (!isRevoked) process.exitCode = 1
}

function inOrg(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .requiredOption('--org <uid>', 'org')
    .option('--config.file <path>', configFileHelp)
}

function issuing(name: string, description: string): Command {
  return inOrg(name, description)
    .option('--days <days>', `how long it works, at most ${maxDays}`, days, 30)
    .option('--grafana', 'print Grafana’s provisioning file with the token in it, for what it may query')
}

/** `gatehouse token`: tokens of service accounts. */
export function tokenCommand(): Command {
  return new Command('token')
    .description('tokens of service accounts')
    .addCommand(
      issuing('create', 'make a token and print it, this once, and how Grafana is set up with it')
        .argument('<service-account>', 'uid')
        .option('--name <name>', 'what it is for', 'command line')
        .option('--cidr <network>', 'network it may be used from; may be given again', networks, [])
        .action(create),
    )
    .addCommand(
      issuing('rotate', 'make a token in place of another, which works on for a while')
        .argument('<token>', 'uid of the old one')
        .option('--overlap <minutes>', `how long the old one still works, at most ${maxOverlap}`, minutes, 60)
        .action(rotate),
    )
    .addCommand(
      inOrg('list', 'tokens without their secrets')
        .argument('[service-account]', 'uid; default: all')
        .action(list),
    )
    .addCommand(
      inOrg('revoke', 'end a token at once; 1 if there is none').argument('<token>', 'uid').action(revoke),
    )
}
