import { randomUUID } from 'node:crypto'
import { userInfo } from 'node:os'
import { systemEvent } from '@gatehouse/audit'
import type { Config } from '@gatehouse/config'
import { hashSecret, newSecret } from '@gatehouse/identity'
import { createChangeRecorder, keepLocalAdminCode, type OrgTransaction, withOrg } from '@gatehouse/store'
import { Command, InvalidArgumentError } from 'commander'
import { configFileHelp, loadConfigFile } from '../config-file.ts'
import { withDatabase } from '../database.ts'

interface LocalAdminOptions {
  readonly 'config.file'?: string
  readonly org: string
  readonly reason: string
}

/** How long a code may be used, ms. */
const lifetimeMs = 600_000

function reasonOf(text: string): string {
  const reason = text.trim()
  if (reason.length < 10 || reason.length > 500)
    throw new InvalidArgumentError('10 to 500 characters: somebody will read it who was not there')
  return reason
}

function signInUrl({ control }: Config): string {
  return new URL('/login/local', control.externalUrl ?? `http://${control.listenAddress}`).href
}

async function keep(tx: OrgTransaction, code: string, { reason, org }: LocalAdminOptions): Promise<void> {
  const madeBy = userInfo().username
  const expiresAt = Date.now() + lifetimeMs
  await keepLocalAdminCode(tx, { hash: hashSecret(code), madeBy, reason, expiresAt })
  const event = systemEvent({
    code: 'X007I',
    action: 'local-admins:make-code',
    process: 'gatehouse auth local-admin',
    detail: { madeBy, reason, expiresAt: new Date(expiresAt).toISOString() },
    now: Date.now(),
    uuid: randomUUID(),
  })
  const record = createChangeRecorder()
  await record(tx, { ...event, orgUid: org, resource: { kind: 'orgs', uid: org } })
}

/** Only the code goes to standard output. */
async function make(options: LocalAdminOptions): Promise<void> {
  const config = loadConfigFile(options['config.file'])
  if (config.control.localAdmin?.orgs.includes(options.org) !== true)
    throw new Error(`${options.org} is not in control.localAdmin.orgs; nobody signs in there with a code`)
  const code = newSecret()
  await withDatabase(options['config.file'], (pool) =>
    withOrg(pool, options.org, (tx) => keep(tx, code, options)),
  )
  console.error(
    `works once, within ten minutes, at ${signInUrl(config)}; its use is told to the org's data owner:`,
  )
  console.log(code)
}

/** `gatehouse auth local-admin`: a one-time code for when no identity provider can be had. */
export function localAdminCommand(): Command {
  return new Command('local-admin')
    .description('print a one-time code that signs its bearer in as administrator of an org, for an hour')
    .requiredOption('--org <uid>', 'org; it must be in control.localAdmin.orgs')
    .requiredOption('--reason <text>', 'why, at least ten characters', reasonOf)
    .option('--config.file <path>', configFileHelp)
    .action(make)
}
