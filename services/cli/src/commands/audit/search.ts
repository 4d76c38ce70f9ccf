import { searchEvents, withAudit } from '@gatehouse/store'
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

interface SearchOptions extends StoreOptions, FilterOptions {
  readonly limit: number
  readonly oldest?: boolean
  readonly output: Output
}

const page = 500

async function search(options: SearchOptions): Promise<void> {
  const filter = filterOf(options)
  const first = options.oldest === true ? 'oldest' : 'newest'
  await withDatabase(options['config.file'], async (pool) => {
    await withAudit(pool, scopeOf(options), (tx) => recordUse(tx, 'E001I', 'audit:read', { ...filter }))
    printHeader(options.output)
    let cursor: string | undefined
    let left = options.limit
    do {
      const from = cursor
      const found = await withAudit(pool, scopeOf(options), (tx) =>
        searchEvents(tx, filter, { limit: Math.min(page, left), cursor: from, first }),
      )
      for (const event of found.events) printEvent(event, options.output)
      left -= found.events.length
      cursor = found.next
    } while (cursor !== undefined && left > 0)
  })
}

/** `gatehouse audit search` */
export function searchCommand(): Command {
  const command = new Command('search').description('print events that match, newest first')
  addEventOptions(command)
    .option('-n, --limit <count>', 'at most so many', wholeNumber(1, 9_999_999), 100)
    .option('--oldest', 'oldest first')
    .addOption(outputOption())
    .action(search)
  return command
}
