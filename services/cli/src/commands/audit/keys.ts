import { readFileSync, writeFileSync } from 'node:fs'
import { generateSigningKey, loadPublicKey, loadSigner, rotateAuditKey, withAudit } from '@gatehouse/store'
import { Command } from 'commander'
import { configFileHelp } from '../../config-file.ts'
import { withDatabase } from '../../database.ts'
import { recordUse } from './common.ts'

function keygen({ out }: { readonly out: string }): void {
  const { privatePem, publicPem } = generateSigningKey()
  writeFileSync(out, privatePem, { mode: 0o600, flag: 'wx' })
  writeFileSync(`${out}.pub`, publicPem, { mode: 0o644, flag: 'wx' })
  const { id, publicKey } = loadPublicKey(publicPem)
  console.log(
    `key ${id}\nprivate ${out}\npublic  ${out}.pub\n        ${publicKey}\nGive the public key to your auditors now.`,
  )
}

interface RotateOptions {
  readonly 'config.file'?: string
  readonly from: string
  readonly to: string
}

async function rotate(options: RotateOptions): Promise<void> {
  const from = loadSigner(readFileSync(options.from, 'utf8'))
  const to = loadSigner(readFileSync(options.to, 'utf8'))
  await withDatabase(options['config.file'], async (pool) => {
    const { statement } = await rotateAuditKey(pool, from, to)
    await withAudit(pool, 'all', (tx) =>
      recordUse(tx, 'E013I', 'audit:rotate-key', { from: from.id, to: to.id }),
    )
    console.log(`key ${to.id} signs from checkpoint ${statement.number + 1} on; ${from.id} signs no more`)
  })
}

/** `gatehouse audit keygen` */
export function keygenCommand(): Command {
  return new Command('keygen')
    .description('make an Ed25519 key pair that seals the log')
    .requiredOption('--out <file>', 'file of the private key; the public one gets .pub')
    .action(keygen)
}

/** `gatehouse audit rotate-key` */
export function rotateCommand(): Command {
  return new Command('rotate-key')
    .description(
      'hand over from one signing key to the next; then set audit.signingKeyFile and restart control',
    )
    .option('--config.file <path>', configFileHelp)
    .requiredOption('--from <file>', 'private key that signs now')
    .requiredOption('--to <file>', 'private key that signs from now on')
    .action(rotate)
}
