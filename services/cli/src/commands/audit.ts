import {
  type AuditFilter,
  type AuditScope,
  followEvents,
  type FoundEvent,
  searchEvents,
  withAudit,
} from '@gatehouse/store'
import { Command, InvalidArgumentError } from 'commander'
import { configFileHelp } from '../config-file.ts'
import { withDatabase } from '../database.ts'

interface TailOptions {
  readonly 'config.file'?: string
  readonly org?: string
  readonly lines: number
  readonly follow?: boolean
  readonly output: 'text' | 'ndjson'
  readonly code?: string
}

function count(text: string): number {
  if (!/^\d{1,4}$/.test(text) || Number(text) > 1000)
    throw new InvalidArgumentError('a number from 0 to 1000')
  return Number(text)
}

function print({ event, identity }: FoundEvent, output: TailOptions['output']): void {
  if (output === 'ndjson') {
    console.log(JSON.stringify({ ...event, identity }))
    return
  }
  const { outcome, request, resource } = event
  const what = request.query ?? request.matches?.join(' ') ?? request.route
  const enforced = event.enforced.length === 0 ? '' : ` → ${event.enforced.join(' | ')}`
  const why = event.decision.reason === undefined ? '' : ` (${event.decision.reason})`
  console.log(
    `${event.at} ${event.code} ${event.orgUid ?? '-'} ${identity?.name ?? '-'} ${event.action} ${resource?.uid ?? '-'} ` +
      `${outcome.result} ${outcome.httpStatus}${why} ${outcome.durationMs.toFixed(1)}ms ${what}${enforced}`,
  )
}

async function tail(options: TailOptions): Promise<void> {
  const scope: AuditScope = options.org === undefined ? 'all' : { org: options.org }
  const filter: AuditFilter = options.code === undefined ? {} : { codes: [options.code] }
  await withDatabase(options['config.file'], async (pool) => {
    if (options.lines > 0) {
      const { events } = await withAudit(pool, scope, (tx) =>
        searchEvents(tx, filter, { limit: options.lines }),
      )
      for (const event of events.toReversed()) print(event, options.output)
    }
    if (options.follow !== true) return
    const stop = new AbortController()
    process.once('SIGINT', () => stop.abort())
    process.once('SIGTERM', () => stop.abort())
    for await (const event of followEvents(pool, scope, { filter, signal: stop.signal }))
      print(event, options.output)
  })
}

/** `gatehouse audit`: reads the audit log. */
export function auditCommand(): Command {
  const audit = new Command('audit').description('read and verify the audit log')
  audit
    .command('tail')
    .description('print the last events, and with --follow new ones as they arrive')
    .option('--config.file <path>', configFileHelp)
    .option('--org <uid>', 'only events of this org')
    .option('--code <prefix>', 'only event codes that begin with this, such as Q001D')
    .option('-n, --lines <count>', 'how many events to begin with', count, 20)
    .option('-f, --follow', 'keep printing until interrupted')
    .option('-o, --output <format>', 'text or ndjson', 'text')
    .action(tail)
  return audit
}
