import { followEvents, searchEvents, withAudit } from '@gatehouse/store'
import { Command } from 'commander'
import { withDatabase } from '../../database.ts'
import {
  addEventOptions,
  type FilterOptions,
  filterOf,
  recordUse,
  scopeOf,
  type StoreOptions,
  wholeNumber,
} from './common.ts'
import { type Output, outputOption, printEvent, printHeader } from './print.ts'

interface TailOptions extends StoreOptions, FilterOptions {
  readonly lines: number
  readonly follow?: boolean
  readonly output: Output
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
  addEventOptions(command)
    .option('-n, --lines <count>', 'how many events to begin with', wholeNumber(0, 1000), 20)
    .option('-f, --follow', 'keep printing until interrupted')
    .addOption(outputOption())
    .action(tail)
  return command
}
