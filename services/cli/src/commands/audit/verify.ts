import { readFileSync } from 'node:fs'
import { type PublicKey } from '@gatehouse/audit'
import {
  keepVerification,
  parseAnchored,
  signerFromConfig,
  verifyAudit,
  verifyExportFile,
  verifyProofFile,
  withAudit,
} from '@gatehouse/store'
import { Command } from 'commander'
import { loadConfigFile } from '../../config-file.ts'
import { withDatabase } from '../../database.ts'
import { addStoreOptions, publicKeys, recordUse, scopeOf, type StoreOptions } from './common.ts'
import { printFindings } from './print.ts'

interface VerifyOptions extends StoreOptions {
  readonly pubkey?: readonly PublicKey[]
  readonly manifest?: string
  readonly anchors?: string
  readonly proof?: string
}

/** Offline, as an export: what `/api/v1/audit/events/{id}/proof` gives. */
function verifyProof(file: string, { pubkey }: VerifyOptions): boolean {
  if (pubkey === undefined) throw new Error('--pubkey is required to verify a proof')
  const { proof, finding } = verifyProofFile(file, pubkey)
  const { record, sealed } = proof
  const { number, at } = sealed.checkpoint.statement
  if (finding !== undefined) printFindings([finding])
  const what = `event ${record.seq} of writer ${record.writer}, org ${record.org ?? '-'}`
  console.log(
    finding === undefined
      ? `verified: ${what}, as sealed by checkpoint ${number} at ${at}`
      : `NOT verified: ${what}`,
  )
  if (finding === undefined) console.log(JSON.stringify(record.event))
  return finding === undefined
}

/** Offline: nothing but the files and the key. */
async function verifyFile(file: string, options: VerifyOptions): Promise<boolean> {
  if (options.pubkey === undefined) throw new Error('--pubkey is required to verify an export')
  const manifest = options.manifest ?? `${file}.manifest.json`
  const report = await verifyExportFile(file, manifest, options.pubkey)
  printFindings(report.findings)
  const isSound = report.findings.length === 0
  const scope = report.isComplete
    ? 'it is complete between its checkpoints'
    : 'it was filtered: what it leaves out is not proven'
  console.log(
    isSound
      ? `verified: ${report.events} events in ${report.chains} chains; ${scope}`
      : `NOT verified: ${report.findings.length} faults in ${report.events} events`,
  )
  return isSound
}

function keysOf(options: VerifyOptions): readonly PublicKey[] {
  if (options.pubkey !== undefined) return options.pubkey
  const signer = signerFromConfig(loadConfigFile(options['config.file']).audit)
  if (signer === undefined) throw new Error('--pubkey is required: the configuration names no signing key')
  console.log(`trusting the configured signing key ${signer.id}; give --pubkey to trust your own copy`)
  return [{ id: signer.id, publicKey: signer.publicKey }]
}

async function verifyStore(options: VerifyOptions): Promise<boolean> {
  const anchored = options.anchors === undefined ? [] : parseAnchored(readFileSync(options.anchors, 'utf8'))
  return withDatabase(options['config.file'], async (pool) => {
    const keys = keysOf(options)
    const onProgress = (events: number): void => {
      if (process.stderr.isTTY) process.stderr.write(`\r${events} events`)
    }
    const report = await verifyAudit(pool, { publicKeys: keys, org: options.org, anchored, onProgress })
    printFindings(report.findings)
    const isSound = report.findings.length === 0
    const { events, chains, checkpoint, unsealed, seconds } = report
    console.log(
      `${isSound ? 'verified' : `NOT verified, ${report.findings.length} faults`}: ${events} events in ${chains} chains, ` +
        `sealed up to checkpoint ${checkpoint}, ${unsealed} not sealed yet, ${anchored.length} anchored copies compared, ` +
        `${seconds.toFixed(1)} s`,
    )
    await withAudit(pool, scopeOf(options), (tx) =>
      recordUse(tx, isSound ? 'E005I' : 'E005E', 'audit:verify', {
        events,
        checkpoint,
        findings: report.findings.slice(0, 20),
      }),
    )
    await withAudit(pool, 'all', (tx) => keepVerification(tx, options.org ?? null, report))
    return isSound
  })
}

async function run(file: string | undefined, options: VerifyOptions): Promise<void> {
  if (file !== undefined && options.proof !== undefined) throw new Error('an export or a --proof, not both')
  const verify = (): boolean | Promise<boolean> => {
    if (options.proof !== undefined) return verifyProof(options.proof, options)
    return file === undefined ? verifyStore(options) : verifyFile(file, options)
  }
  const isSound = await verify()
  if (!isSound) process.exitCode = 1
}

/** `gatehouse audit verify` */
export function verifyCommand(): Command {
  const command = new Command('verify')
    .description(
      'verify the log in the store or, offline, an export or the proof of one event; names the first bad event. Exit code 1 if there is one',
    )
    .argument('[export]', 'NDJSON file (may be .gz) of an export; without it, the store is verified')
  addStoreOptions(command)
    .option('--pubkey <key>', 'trusted public key: PEM file or base64; may be repeated', publicKeys)
    .option('--manifest <file>', 'manifest of the export; default: its name and .manifest.json')
    .option('--proof <file>', 'proof of one event (JSON) to verify')
    .option('--anchors <file>', 'anchored checkpoints (NDJSON) to compare the store with')
    .action(run)
  return command
}
