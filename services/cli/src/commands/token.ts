import { randomUUID } from 'node:crypto'
import { type EventCode, systemEvent } from '@gatehouse/audit'
import { hashSecret, newServiceAccountToken } from '@gatehouse/identity'
import {
  createChangeRecorder,
  createToken,
  listTokens,
  type OrgTransaction,
  revokeToken,
  withOrg,
} from '@gatehouse/store'
import { Command, InvalidArgumentError } from 'commander'
import { configFileHelp } from '../config-file.ts'
import { withDatabase } from '../database.ts'

interface TokenOptions {
  readonly 'config.file'?: string
  readonly org: string
}
interface CreateOptions extends TokenOptions {
  readonly name: string
  readonly days: number
  readonly cidr: readonly string[]
}

const dayMs = 86_400_000
const maxDays = 90
/** What is kept and shown of a token. */
const prefixLength = 16

function days(text: string): number {
  if (!/^\d{1,2}$/.test(text) || Number(text) < 1 || Number(text) > maxDays)
    throw new InvalidArgumentError(`a number from 1 to ${maxDays}`)
  return Number(text)
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

/** Only the token goes to standard output, so that it can be put straight where it belongs. */
async function create(account: string, options: CreateOptions): Promise<void> {
  const token = newServiceAccountToken()
  const expiresAt = Date.now() + options.days * dayMs
  const stored = await withDatabase(options['config.file'], (pool) =>
    withOrg(pool, options.org, async (tx) => {
      const made = await createToken(tx, {
        serviceAccountUid: account,
        name: options.name,
        prefix: token.slice(0, prefixLength),
        hash: hashSecret(token),
        expiresAt,
        sourceCidrs: options.cidr,
      })
      const detail = {
        serviceAccount: account,
        name: options.name,
        expiresAt: new Date(expiresAt).toISOString(),
      }
      await note(tx, { code: 'T001I', action: 'tokens:create', uid: made.uid, detail })
      return made
    }),
  )
  console.error(
    `token ${stored.uid} of ${account} until ${new Date(expiresAt).toISOString()}; shown this once:`,
  )
  console.log(token)
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

/** `gatehouse token`: tokens of service accounts. */
export function tokenCommand(): Command {
  const collect = (cidr: string, all: readonly string[]): readonly string[] => [...all, cidr]
  return new Command('token')
    .description('tokens of service accounts')
    .addCommand(
      inOrg('create', 'make a token and print it, this once')
        .argument('<service-account>', 'uid')
        .option('--name <name>', 'what it is for', 'command line')
        .option('--days <days>', `how long it works, at most ${maxDays}`, days, 30)
        .option('--cidr <network>', 'network it may be used from; may be given again', collect, [])
        .action(create),
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
