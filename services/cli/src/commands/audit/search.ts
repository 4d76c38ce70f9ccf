import { searchEvents, withAudit } from '@gatehouse/store'
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

interface SearchOptions extends StoreOptions, FilterOptions {
  readonly limit: number
  readonly oldest?: boolean
  readonly output: Output
}

function limit(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError('a number from 1 to 9999999')
  return Number(text)
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
  addFilterOptions(addStoreOptions(command))
    .option('-n, --limit <count>', 'at most so many', limit, 100)
    .option('--oldest', 'oldest first')
    .addOption(
      new Option('-o, --output <format>', 'how to print them')
        .choices(['text', 'ndjson', 'csv'])
        .default('text'),
    )
    .action(search)
  return command
}
