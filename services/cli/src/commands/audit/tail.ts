import { followEvents, searchEvents, withAudit } from '@gatehouse/store'
import { Command, InvalidArgumentError, Option } from 'commander'
import { withDatabase } from '../../database.ts'
import {
  addFilterOptions,
  addStoreOptions,
  type FilterOptions,
  filterOf,
  recordUse,
  scopeOf,
  type StoreOptions,
} from './common.ts'
import { type Output, printEvent, printHeader } from './print.ts'

interface TailOptions extends StoreOptions, FilterOptions {
  readonly lines: number
  readonly follow?: boolean
  readonly output: Output
}

function count(text: string): number {
  if (!/^\d{1,4}$/.test(text) || Number(text) > 1000)
    throw new InvalidArgumentError('a number from 0 to 1000')
  return Number(text)
}

async function tail(options: TailOptions): Promise<void> {
  const scope = scopeOf(options)
  const filter = filterOf(options)
  await withDatabase(options['config.file'], async (pool) => {
    await withAudit(pool, scope, (tx) =>
      recordUse(tx, 'E001I', 'audit:read', { ...filter, follow: options.follow }),
    )
    printHeader(options.output)
    if (options.lines > 0) {
      const { events } = await withAudit(pool, scope, (tx) =>
        searchEvents(tx, filter, { limit: options.lines }),
      )
      for (const event of events.toReversed()) printEvent(event, options.output)
    }
    if (options.follow !== true) return
    const stop = new AbortController()
    process.once('SIGINT', () => stop.abort())
    process.once('SIGTERM', () => stop.abort())
    for await (const event of followEvents(pool, scope, { filter, signal: stop.signal }))
      printEvent(event, options.output)
  })
}

/** `gatehouse audit tail` */
export function tailCommand(): Command {
  const command = new Command('tail').description(
    'print the last events, and with --follow new ones as they arrive',
  )
  addFilterOptions(addStoreOptions(command))
    .option('-n, --lines <count>', 'how many events to begin with', count, 20)
    .option('-f, --follow', 'keep printing until interrupted')
    .addOption(
      new Option('-o, --output <format>', 'how to print them')
        .choices(['text', 'ndjson', 'csv'])
        .default('text'),
    )
    .action(tail)
  return command
}
