import { createHash } from 'node:crypto'
import { createReadStream, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { createExportVerifier, type ExportReport, manifestSchema, type PublicKey } from '@gatehouse/audit'
import { verifySignature } from './keys.ts'
import { sha256 } from './sha256.ts'

/**
 * Verifies an export with nothing but its two files and a public key; no database, no network.
 * @param file NDJSON, or the same gzipped (`.gz`)
 * @throws Error if a file cannot be read, or the manifest is none
 */
export async function verifyExportFile(
  file: string,
  manifestFile: string,
  publicKeys: readonly PublicKey[],
): Promise<ExportReport> {
  const manifest = manifestSchema.parse(JSON.parse(readFileSync(manifestFile, 'utf8')))
  const verifier = createExportVerifier(manifest, publicKeys, { sha256, verify: verifySignature })
  const whole = createHash('sha256')
  let bytes = 0
  const text = new PassThrough()
  text.on('data', (data: Buffer) => {
    whole.update(data)
    bytes += data.length
  })
  const lines = createInterface({ input: text, crlfDelay: Number.POSITIVE_INFINITY })
  const source = createReadStream(file)
  const reading = file.endsWith('.gz') ? pipeline(source, createGunzip(), text) : pipeline(source, text)
  // Awaited after the lines: a fault of the source must not go unheard while they are read.
  reading.catch(() => lines.close())
  for await (const line of lines) verifier.line(line)
  await reading
  return verifier.end({ bytes, sha256: whole.digest('hex') })
}
