import { eventClasses } from '@gatehouse/audit'
import {
  auditStatus,
  createChangeRecorder,
  createPool,
  eraseIdentity,
  identitiesOf,
  labelValueKeyFromConfig,
  listHolds,
  placeHold,
  purgeAudit,
  releaseHold,
  revealLabelValues,
  searchEvents,
  signerFromConfig,
  withAudit,
} from '@gatehouse/store'
import { Command } from 'commander'
import { loadConfigFile } from '../../config-file.ts'
import { withDatabase } from '../../database.ts'
import { addStoreOptions, operator, recordUse, scopeOf, type StoreOptions } from './common.ts'
import { printEvent } from './print.ts'

async function status(options: StoreOptions): Promise<void> {
  await withDatabase(options['config.file'], async (pool) => {
    console.log(JSON.stringify(await withAudit(pool, scopeOf(options), auditStatus), undefined, 2))
  })
}

async function purge(options: StoreOptions): Promise<void> {
  const { database, audit } = loadConfigFile(options['config.file'])
  if (database.adminUrl === undefined)
    throw new Error('database.adminUrl is required: only the owner may purge')
  const signer = signerFromConfig(audit)
  if (signer === undefined)
    throw new Error('audit.signingKeyFile is required: what is purged leaves a signed tombstone')
  const retention = Object.fromEntries(
    eventClasses.flatMap((kind) => {
      const days = audit.retentionDays[kind]
      return days === undefined ? [] : [[kind, days]]
    }),
  )
  const owner = createPool({ url: database.adminUrl, size: 1 })
  try {
    const results = await purgeAudit(owner, { retention, signer, record: createChangeRecorder() })
    for (const { month, class: kind, events, kept } of results)
      console.log(`${month} ${kind}: ${kept === undefined ? `${events} events purged` : `kept: ${kept}`}`)
    if (results.length === 0) console.log('nothing is past its time')
  } finally {
    await owner.end()
  }
}

interface HoldOptions extends StoreOptions {
  readonly place?: string
  readonly release?: string
  readonly from?: string
  readonly to?: string
}

async function hold(options: HoldOptions): Promise<void> {
  const { place, release, from = null, to = null } = options
  await withDatabase(options['config.file'], (pool) =>
    withAudit(pool, scopeOf(options), async (tx) => {
      if (place !== undefined) {
        const uid = await placeHold(tx, { from, to, reason: place, placedBy: operator() })
        await recordUse(tx, 'E007I', 'audit:hold', { uid, from, to, reason: place })
        console.log(uid)
      } else if (release !== undefined) {
        await releaseHold(tx, release, operator())
        await recordUse(tx, 'E008I', 'audit:release', { uid: release })
      } else console.log(JSON.stringify(await listHolds(tx), undefined, 2))
    }),
  )
}

interface PersonOptions extends StoreOptions {
  readonly erase?: string
}

async function person(uid: string, options: PersonOptions): Promise<void> {
  const scope = scopeOf(options)
  await withDatabase(options['config.file'], async (pool) => {
    if (options.erase !== undefined) {
      const reason = options.erase
      const erased = await withAudit(pool, scope, async (tx) => {
        const count = await eraseIdentity(tx, uid)
        await recordUse(tx, 'E010I', 'audit:erase', { pseudonyms: count, reason })
        return count
      })
      console.log(`${erased} pseudonyms lead nowhere now`)
      return
    }
    await withAudit(pool, scope, (tx) => recordUse(tx, 'E011I', 'audit:export', { person: uid }))
    for (const identity of await withAudit(pool, scope, (tx) => identitiesOf(tx, uid)))
      console.log(JSON.stringify({ identity }))
    let cursor: string | undefined
    do {
      const from = cursor
      const page = await withAudit(pool, scope, (tx) =>
        searchEvents(tx, { actor: uid }, { limit: 500, first: 'oldest', cursor: from }),
      )
      for (const event of page.events) printEvent(event, 'ndjson')
      cursor = page.next
    } while (cursor !== undefined)
  })
}

async function reveal(
  hashes: readonly string[],
  options: StoreOptions & { readonly reason: string },
): Promise<void> {
  const key = labelValueKeyFromConfig(loadConfigFile(options['config.file']).audit)
  if (key === undefined) throw new Error('the configuration hides no label values')
  await withDatabase(options['config.file'], (pool) =>
    withAudit(pool, scopeOf(options), async (tx) => {
      await recordUse(tx, 'E006I', 'audit:reveal', { hashes, reason: options.reason })
      for (const { hash, label, value } of await revealLabelValues(tx, key, hashes))
        console.log(`${hash} ${label} ${JSON.stringify(value)}`)
    }),
  )
}

/** `gatehouse audit status`, `purge`, `hold`, `person`, `reveal` */
export function keepCommands(): Command[] {
  return [
    addStoreOptions(
      new Command('status').description('chains, checkpoint, anchors, sinks, last verification'),
    ).action(status),
    new Command('purge')
      .description(
        'purge months that are past audit.retentionDays, under signed tombstones; run it regularly',
      )
      .option('--config.file <path>', 'configuration file with database.adminUrl')
      .action(purge),
    addStoreOptions(new Command('hold').description('list, place or release legal holds'))
      .option('--place <reason>', 'place a hold')
      .option('--release <uid>', 'release a hold')
      .option('--from <time>', 'events at or after, RFC 3339')
      .option('--to <time>', 'events before, RFC 3339')
      .action(hold),
    addStoreOptions(
      new Command('person').description('everything kept of a person, as NDJSON; or erase who they are'),
    )
      .argument('<uid>', 'uid of the user')
      .option('--erase <reason>', 'erase the identity; the events stay under pseudonyms that lead nowhere')
      .action(person),
    addStoreOptions(new Command('reveal').description('show label values that events hold as hashes'))
      .argument('<hash...>', 'hashes, such as h_91eb82c0c74fd9608d1f744b012c6aad')
      .requiredOption('--reason <text>', 'why; it is recorded')
      .action(reveal),
  ]
}
