import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { type EventCode, type PublicKey, systemEvent } from '@gatehouse/audit'
import {
  type AuditFilter,
  type AuditScope,
  type AuditTransaction,
  createChangeRecorder,
  loadPublicKey,
} from '@gatehouse/store'
import { type Command, InvalidArgumentError } from 'commander'
import { configFileHelp } from '../../config-file.ts'

/** Options of every command that reads the store. */
export interface StoreOptions {
  readonly 'config.file'?: string
  readonly org?: string
}

/** Options that narrow events down. */
export interface FilterOptions {
  readonly from?: string
  readonly to?: string
  readonly actor?: string
  readonly action?: string
  readonly result?: readonly ('allowed' | 'denied' | 'failed')[]
  readonly code?: readonly string[]
  readonly dataSource?: string
  readonly metric?: string
  readonly dashboard?: string
  readonly token?: string
  readonly address?: string
  readonly text?: string
}

/** Adds the options of {@link StoreOptions}. */
export function addStoreOptions(command: Command): Command {
  return command
    .option('--config.file <path>', configFileHelp)
    .option('--org <uid>', 'only events of this org; else everybody’s')
}

function time(text: string): string {
  const ago = /^(\d+)([mhd])$/.exec(text)
  const unit = { m: 60_000, h: 3_600_000, d: 86_400_000 }[ago?.[2] ?? '']
  const at = unit === undefined ? Date.parse(text) : Date.now() - Number(ago?.[1]) * unit
  if (Number.isNaN(at))
    throw new InvalidArgumentError('a time such as 2025-10-01T00:00:00Z or 2025-10-01, or 90m, 12h, 7d ago')
  return new Date(at).toISOString()
}

function result(text: string): 'allowed' | 'denied' | 'failed' {
  if (text === 'allowed' || text === 'denied' || text === 'failed') return text
  throw new InvalidArgumentError('allowed, denied or failed')
}

/** Reads a whole number within bounds, for an option. */
export const wholeNumber =
  (from: number, to: number) =>
  (text: string): number => {
    const value = /^\d{1,7}$/.test(text) ? Number(text) : Number.NaN
    if (value >= from && value <= to) return value
    throw new InvalidArgumentError(`a number from ${from} to ${to}`)
  }

const collect =
  <T>(parse: (text: string) => T) =>
  (text: string, before: readonly T[] | undefined): T[] => [...(before ?? []), parse(text)]

/** Adds the options of {@link StoreOptions} and {@link FilterOptions}. */
export function addEventOptions(command: Command): Command {
  return addStoreOptions(command)
    .option('--from <time>', 'at or after: RFC 3339, a date, or 90m, 12h, 7d ago', time)
    .option('--to <time>', 'before', time)
    .option('--actor <uid>', 'of this user or service account')
    .option('--action <action>', 'such as datasources:query')
    .option('--result <result>', 'allowed, denied or failed; may be repeated', collect(result))
    .option('--code <prefix>', 'code or its beginning, such as Q001D or A; may be repeated', collect(String))
    .option('--data-source <uid>', 'of this data source')
    .option('--metric <name>', 'whose query names this metric')
    .option('--dashboard <uid>', 'from this dashboard')
    .option('--token <uid>', 'with this service-account token')
    .option('--address <address>', 'from this address')
    .option('--text <words>', 'with all of these words (or beginnings of words)')
}

/** The filter that the options describe. */
export function filterOf(options: FilterOptions): AuditFilter {
  const { from, to, actor, action, dataSource, metric, dashboard, token, address, text } = options
  const { result: results, code: codes } = options
  return { from, to, actor, action, dataSource, metric, dashboard, token, address, text, results, codes }
}

/** The scope that `--org` names. */
export function scopeOf({ org }: StoreOptions): AuditScope {
  return org === undefined ? 'all' : { org }
}

const recordChange = createChangeRecorder()

/** Who runs the command, as the operating system knows them. */
export function operator(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.() ?? '')
  }
}

/** Leaves an event of what the command line does to the log, in the transaction that does it. */
export function recordUse(
  tx: AuditTransaction,
  code: EventCode,
  action: string,
  detail: Readonly<Record<string, unknown>>,
): Promise<void> {
  const orgUid = tx.scope === 'all' ? undefined : tx.scope.org
  const result = code.endsWith('I') ? 'allowed' : 'failed'
  const who = { process: `cli:${operator()}`, now: Date.now(), uuid: randomUUID(), orgUid }
  return recordChange(tx, systemEvent({ code, action, detail, result, ...who }))
}

/** A public key given as a file (PEM) or as text. */
export function publicKey(text: string): PublicKey {
  try {
    return loadPublicKey(/^[A-Za-z0-9+/=]{40,100}$/.test(text) ? text : readFileSync(text, 'utf8'))
  } catch (error) {
    throw new InvalidArgumentError(
      `no Ed25519 public key: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}

/** Public keys, one after the other. */
export function publicKeys(text: string, before: readonly PublicKey[] | undefined): PublicKey[] {
  return [...(before ?? []), publicKey(text)]
}
