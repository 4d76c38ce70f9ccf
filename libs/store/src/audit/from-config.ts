import { readFileSync } from 'node:fs'
import type { AuditEvent, Signer } from '@gatehouse/audit'
import type { AuditConfig } from '@gatehouse/config'
import type { Pool } from '../pool.ts'
import { type Anchor, createFileAnchor, createHttpAnchor } from './anchor.ts'
import { type AuditKeeper, startAuditKeeper } from './keeper.ts'
import { loadSigner } from './keys.ts'
import { recordStart, recordStop } from './process-events.ts'
import { createLabelValues, type LabelValueKey, type LabelValues } from './label-values.ts'
import { createOtlpSink, createWebhookSink } from './sinks/http.ts'
import { createFileSink, createStreamSink } from './sinks/lines.ts'
import type { Sink } from './sinks/sink.ts'
import { createSyslogSink } from './sinks/syslog.ts'
import { type AuditWriter, createAuditWriter } from './writer.ts'

interface HttpTarget {
  readonly headers: Readonly<Record<string, string>>
  readonly authorizationFile?: string | undefined
}

function headersOf({ headers, authorizationFile }: HttpTarget): Record<string, string> {
  if (authorizationFile === undefined) return { ...headers }
  return { ...headers, authorization: readFileSync(authorizationFile, 'utf8').trim() }
}

function toAnchor(anchor: AuditConfig['anchors'][number]): Anchor {
  if (anchor.kind === 'file') return createFileAnchor(anchor.name, anchor.path)
  return createHttpAnchor(anchor.name, { url: anchor.url, method: anchor.method, headers: headersOf(anchor) })
}

function toSink(sink: AuditConfig['sinks'][number]): Sink {
  const { name, identities } = sink
  switch (sink.kind) {
    case 'stdout':
      return createStreamSink({ name, identities, stream: process.stdout })
    case 'file':
      return createFileSink({ name, identities, path: sink.path })
    case 'webhook':
      return createWebhookSink({ name, identities, url: sink.url, headers: headersOf(sink) })
    case 'otlp':
      return createOtlpSink({ name, identities, url: sink.url, headers: headersOf(sink) })
    case 'syslog':
      return createSyslogSink(sink)
  }
}

/**
 * The key that seals the log, if the configuration names one.
 * @throws Error if the file cannot be read or is no Ed25519 private key
 */
export function signerFromConfig({ signingKeyFile }: AuditConfig): Signer | undefined {
  return signingKeyFile === undefined ? undefined : loadSigner(readFileSync(signingKeyFile, 'utf8'))
}

/**
 * The key of label values, if the configuration hides any.
 * @throws Error if the file does not hold 32 bytes in base64
 */
export function labelValueKeyFromConfig({ labelValues }: AuditConfig): LabelValueKey | undefined {
  if (labelValues === undefined) return undefined
  const key = Buffer.from(readFileSync(labelValues.keyFile, 'utf8').trim(), 'base64')
  if (key.length !== 32) throw new Error(`${labelValues.keyFile}: expected 32 bytes in base64`)
  return key
}

/** How a writer hides label values, if the configuration says so. */
export function labelValuesFromConfig(config: AuditConfig): LabelValues | undefined {
  const key = labelValueKeyFromConfig(config)
  if (key === undefined || config.labelValues === undefined) return undefined
  const { keep, orgs } = config.labelValues
  const policy = { keep: new Set(keep) }
  return createLabelValues(key, (org) =>
    orgs === undefined || (org !== null && orgs.includes(org)) ? policy : undefined,
  )
}

interface Background {
  readonly pool: Pool
  readonly onError?: (error: unknown) => void
}

/**
 * Opens a process's writer as the configuration says.
 * @param writerId its name, stable over restarts and used by one process at a time
 * @throws GatehouseError `conflict` if another running process uses this name; Error if a key or the spool cannot be read
 */
export async function openAuditWriter(
  config: AuditConfig,
  writerId: string,
  background: Background,
): Promise<AuditWriter> {
  const { spoolDir: dir, level, maxBytes } = config
  const labelValues = labelValuesFromConfig(config)
  const hiding = labelValues === undefined ? {} : { labelValues }
  const writer = await createAuditWriter({ ...background, dir, writerId, level, maxBytes, ...hiding })
  const { onError = () => undefined } = background
  // A log that takes nothing now is told of by readiness and metrics; that is no reason not to start or stop.
  await recordStart(writer, writerId, config).catch(onError)
  return {
    ...writer,
    async close(timeoutMs) {
      await recordStop(writer, writerId).catch(onError)
      await writer.close(timeoutMs)
    },
  }
}

/** Starts what the configuration wants done in the background: sealing, anchors, sinks, exports. */
export function startKeeperFromConfig(
  config: AuditConfig,
  options: Background & { readonly append: (event: AuditEvent) => Promise<void> },
): AuditKeeper {
  const signer = signerFromConfig(config)
  return startAuditKeeper({
    ...options,
    ...(signer === undefined ? {} : { signer }),
    anchors: config.anchors.map(toAnchor),
    sinks: config.sinks.map(toSink),
    sealEveryMs: config.sealEvery,
  })
}
