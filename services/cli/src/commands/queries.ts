import { randomUUID } from 'node:crypto'
import { type EventCode, systemEvent } from '@gatehouse/audit'
import {
  cancelQuery,
  createChangeRecorder,
  createStop,
  deleteStop,
  listRunning,
  listSlowQueries,
  listStops,
  type OrgTransaction,
  readStatistics,
  type StatisticsBy,
  statisticsBy,
  type StopKind,
  withOrg,
} from '@gatehouse/store'
import { Argument, Command, InvalidArgumentError, Option } from 'commander'
import { configFileHelp } from '../config-file.ts'
import { withDatabase } from '../database.ts'

interface InOrg {
  readonly 'config.file'?: string
  readonly org: string
}

const record = createChangeRecorder()

interface Noted {
  readonly code: EventCode
  readonly action: string
  readonly resource: { readonly kind: string; readonly uid: string }
  readonly detail: Readonly<Record<string, unknown>>
}

async function note(tx: OrgTransaction, { code, action, resource, detail }: Noted): Promise<void> {
  const event = systemEvent({
    code,
    action,
    process: 'gatehouse queries',
    detail,
    now: Date.now(),
    uuid: randomUUID(),
  })
  await record(tx, { ...event, orgUid: tx.orgUid, resource })
}

function inOrg<T>(options: InOrg, work: (tx: OrgTransaction) => Promise<T>): Promise<T> {
  return withDatabase(options['config.file'], (pool) => withOrg(pool, options.org, work))
}

function wholeNumber(text: string): number {
  if (!/^\d{1,6}$/.test(text) || Number(text) < 1) throw new InvalidArgumentError('a whole number from 1')
  return Number(text)
}

async function stop(
  kind: StopKind,
  value: string,
  options: InOrg & { readonly reason: string; readonly minutes?: number },
): Promise<void> {
  const { reason, minutes } = options
  const expiresAt = minutes === undefined ? undefined : Date.now() + minutes * 60_000
  const uid = await inOrg(options, async (tx) => {
    const made = await createStop(tx, { kind, value, reason, createdBy: 'command line', expiresAt })
    const resource = { kind: 'query-stops', uid: made }
    await note(tx, { code: 'A040I', action: 'query-stops:create', resource, detail: { kind, value, reason } })
    return made
  })
  console.log(uid)
}

async function resume(uid: string, options: InOrg): Promise<void> {
  const wasThere = await inOrg(options, async (tx) => {
    if (!(await deleteStop(tx, uid))) return false
    await note(tx, {
      code: 'A041I',
      action: 'query-stops:delete',
      resource: { kind: 'query-stops', uid },
      detail: {},
    })
    return true
  })
  console.log(wasThere ? `took ${uid} back` : `there is no order ${uid}`)
  if (!wasThere) process.exitCode = 1
}

async function cancel(uid: string, options: InOrg & { readonly reason: string }): Promise<void> {
  const runs = await inOrg(options, async (tx) => {
    if (!(await listRunning(tx)).some((one) => one.uid === uid)) return false
    await cancelQuery(tx, { uid, reason: options.reason })
    const resource = { kind: 'running-queries', uid }
    await note(tx, {
      code: 'A042I',
      action: 'running-queries:cancel',
      resource,
      detail: { reason: options.reason },
    })
    return true
  })
  console.log(runs ? `cancelled ${uid}` : `no query ${uid} runs`)
  if (!runs) process.exitCode = 1
}

async function stops(options: InOrg): Promise<void> {
  for (const { uid, kind, value, reason, expiresAt } of await inOrg(options, listStops)) {
    const end = expiresAt === undefined ? 'until taken back' : `until ${new Date(expiresAt).toISOString()}`
    console.log(`${uid} ${kind} ${value} ${end}: ${reason}`)
  }
}

async function running(options: InOrg): Promise<void> {
  const now = Date.now()
  for (const one of await inOrg(options, listRunning)) {
    const seconds = Math.round((now - one.startedAt) / 1000)
    console.log(
      `${one.uid} ${seconds} s ${one.principalUid} ${one.dataSourceUid} ${one.fingerprint} ${one.endpoint} ${one.query}`,
    )
  }
}

async function slow(options: InOrg): Promise<void> {
  for (const one of await inOrg(options, listSlowQueries)) {
    const at = new Date(one.at).toISOString()
    console.log(
      `${one.seconds.toFixed(1)} s ${one.samples} samples ${at} ${one.principalUid} ${one.fingerprint} ${one.endpoint} ${one.query}`,
    )
  }
}

async function statistics(
  options: InOrg & { readonly by: StatisticsBy; readonly hours: number },
): Promise<void> {
  const since = Date.now() - options.hours * 3_600_000
  const costs = await inOrg(options, (tx) => readStatistics(tx, { by: options.by, since, limit: 50 }))
  for (const { key, queries, failed, fromCache, samples, seconds } of costs)
    console.log(
      `${key === '' ? '-' : key}: ${queries} queries, ${failed} failed, ${fromCache} from the cache, ${samples} samples, ${seconds.toFixed(1)} s`,
    )
}

function command(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .requiredOption('--org <uid>', 'org')
    .option('--config.file <path>', configFileHelp)
}

/** `gatehouse queries`: what runs and what it costs, and orders to refuse it. */
export function queriesCommand(): Command {
  const kinds: readonly StopKind[] = ['tenant', 'principal', 'fingerprint']
  return new Command('queries')
    .description('queries that run, what they cost, and orders to refuse them')
    .addCommand(
      command('running', 'queries and look-ups that have been running for a second').action(running),
    )
    .addCommand(
      command('cancel', 'end a query that runs; 1 if it does not')
        .argument('<query>', 'uid')
        .requiredOption('--reason <text>', 'shown to who asked')
        .action(cancel),
    )
    .addCommand(
      command('stop', 'refuse queries, and end those that run')
        .addArgument(new Argument('<kind>', 'what is stopped').choices(kinds))
        .argument('<value>', 'tenant, uid of a user or service account, or fingerprint')
        .requiredOption('--reason <text>', 'shown to those it stops')
        .option('--minutes <minutes>', 'until it ends by itself', wholeNumber)
        .action(stop),
    )
    .addCommand(command('stops', 'orders in force').action(stops))
    .addCommand(
      command('resume', 'take an order back; 1 if there is none').argument('<order>', 'uid').action(resume),
    )
    .addCommand(command('slow', 'the slowest queries of the last week').action(slow))
    .addCommand(
      command('statistics', 'what queries cost')
        .addOption(new Option('--by <what>', 'summed by').choices(statisticsBy).default('principal'))
        .option('--hours <hours>', 'of the last hours', wholeNumber, 24)
        .action(statistics),
    )
}
