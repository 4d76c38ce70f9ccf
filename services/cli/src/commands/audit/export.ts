import { createWriteStream, readFileSync, writeFileSync } from 'node:fs'
import { finished } from 'node:stream/promises'
import type { Signer } from '@gatehouse/audit'
import { exportAudit, exportCsv, loadSigner, withAudit } from '@gatehouse/store'
import { Command, Option } from 'commander'
import { loadConfigFile } from '../../config-file.ts'
import { withDatabase } from '../../database.ts'
import {
  addEventOptions,
  type FilterOptions,
  filterOf,
  recordUse,
  scopeOf,
  type StoreOptions,
} from './common.ts'

interface ExportOptions extends StoreOptions, FilterOptions {
  readonly out: string
  readonly format: 'ndjson' | 'csv'
  readonly key?: string
}

function signerOf(options: ExportOptions): Signer {
  const file = options.key ?? loadConfigFile(options['config.file']).audit.signingKeyFile
  if (file === undefined)
    throw new Error('no signing key: give --key, or audit.signingKeyFile in the configuration')
  return loadSigner(readFileSync(file, 'utf8'))
}

/** Takes text for a file, waiting where the disk is slower. */
function openFile(path: string) {
  const stream = createWriteStream(path, { mode: 0o600, flags: 'wx' })
  return {
    write: (text: string) =>
      new Promise<void>((resolve, reject) => {
        stream.write(text, (error) => (error ? reject(error) : resolve()))
      }),
    async close(): Promise<void> {
      stream.end()
      await finished(stream)
    },
  }
}

function showProgress(events: number, expected: number | undefined): Promise<void> {
  if (process.stderr.isTTY)
    process.stderr.write(`\r${events}${expected === undefined ? '' : ` of ${expected}`} events`)
  return Promise.resolve()
}

async function run(options: ExportOptions): Promise<void> {
  const request = { scope: scopeOf(options), filter: filterOf(options) }
  await withDatabase(options['config.file'], async (pool) => {
    const detail = { ...request.filter, format: options.format }
    const signer = options.format === 'ndjson' ? signerOf(options) : undefined
    await withAudit(pool, request.scope, (tx) => recordUse(tx, 'E003I', 'audit:export', detail))
    const file = openFile(options.out)
    const { write } = file
    if (signer === undefined) {
      const events = await exportCsv(pool, request, { write, onProgress: showProgress })
      await file.close()
      console.log(`${events} events in ${options.out}`)
      return
    }
    const manifest = await exportAudit(pool, request, { signer, write, onProgress: showProgress })
    await file.close()
    const manifestFile = `${options.out}.manifest.json`
    writeFileSync(manifestFile, `${JSON.stringify(manifest, undefined, 2)}\n`, { mode: 0o600 })
    const { events, filter, after, upTo } = manifest.statement
    const kind =
      filter === null ? `complete between checkpoints ${after} and ${upTo}` : 'only what matches the filter'
    console.log(`${events} events in ${options.out} (${kind})\nproof in ${manifestFile}`)
    console.log(`verify: gatehouse audit verify ${options.out} --pubkey ${signer.publicKey}`)
  })
}

/** `gatehouse audit export` */
export function exportCommand(): Command {
  const command = new Command('export').description(
    'write events to a file: NDJSON with a signed manifest (evidence), or CSV (a view)',
  )
  addEventOptions(command)
    .requiredOption('--out <file>', 'file to write; it must not exist')
    .addOption(new Option('--format <format>', 'format').choices(['ndjson', 'csv']).default('ndjson'))
    .option('--key <file>', 'signing key; default: audit.signingKeyFile of the configuration')
    .action(run)
  return command
}
