import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import {
  type AuditConfig,
  type CacheConfig,
  type Config,
  configSchema,
  type ListenTls,
  type UpstreamConfig,
} from './schema.ts'

/**
 * Parses and validates configuration text (YAML).
 * @throws Error naming every wrong key and its path.
 */
export function parseConfig(text: string, file = 'configuration'): Config {
  const result = configSchema.safeParse(parse(text) ?? {})
  if (!result.success) throw new Error(`${file} is not valid:\n${z.prettifyError(result.error)}`)
  return result.data
}

type Resolve = (path: string) => string

/** Paths of audit settings, relative to the configuration file as written. */
function resolveAudit(audit: AuditConfig, absolute: Resolve): AuditConfig {
  const withFile = <T extends { authorizationFile?: string | undefined }>(entry: T): T =>
    entry.authorizationFile === undefined
      ? entry
      : { ...entry, authorizationFile: absolute(entry.authorizationFile) }
  const { spoolDir, signingKeyFile, labelValues } = audit
  return {
    ...audit,
    spoolDir: absolute(spoolDir),
    ...(signingKeyFile === undefined ? {} : { signingKeyFile: absolute(signingKeyFile) }),
    ...(labelValues === undefined
      ? {}
      : { labelValues: { ...labelValues, keyFile: absolute(labelValues.keyFile) } }),
    anchors: audit.anchors.map((anchor) =>
      anchor.kind === 'file' ? { ...anchor, path: absolute(anchor.path) } : withFile(anchor),
    ),
    sinks: audit.sinks.map((sink) => {
      if (sink.kind === 'file') return { ...sink, path: absolute(sink.path) }
      return sink.kind === 'webhook' || sink.kind === 'otlp' ? withFile(sink) : sink
    }),
  }
}

/** Paths of certificates, keys and credentials, relative to the configuration file as written. */
function resolveUpstream(upstream: UpstreamConfig, absolute: Resolve): UpstreamConfig {
  const optional = (path: string | undefined) => (path === undefined ? undefined : absolute(path))
  return {
    ...upstream,
    connections: upstream.connections.map(({ tls, basic, bearerFile, headers, ...rest }) => ({
      ...rest,
      tls: tls && {
        serverName: tls.serverName,
        caFile: optional(tls.caFile),
        certFile: optional(tls.certFile),
        keyFile: optional(tls.keyFile),
      },
      basic: basic && { username: basic.username, passwordFile: absolute(basic.passwordFile) },
      bearerFile: optional(bearerFile),
      headers: headers.map((header) => ({ ...header, file: optional(header.file) })),
    })),
  }
}

function resolveTls(tls: ListenTls | undefined, absolute: Resolve): ListenTls | undefined {
  return tls && { certFile: absolute(tls.certFile), keyFile: absolute(tls.keyFile) }
}

function resolveCache(cache: CacheConfig, read: (path: string) => string): CacheConfig {
  const { redis } = cache
  if (redis === undefined) return cache
  const { url, urlFile, secret } = redis
  const value = secret.value ?? (secret.file === undefined ? undefined : read(secret.file))
  return {
    ...cache,
    redis: {
      ...redis,
      url: url ?? (urlFile === undefined ? undefined : read(urlFile)),
      secret: { ...secret, value },
    },
  }
}

/**
 * Reads the configuration file once and resolves `*File`/`file` secrets relative to it.
 * @throws Error if the file or a secret file cannot be read, or a key is unknown or wrong.
 */
export function loadConfig(file: string): Config {
  const config = parseConfig(readFileSync(file, 'utf8'), file)
  const base = dirname(resolve(file))
  const absolute: Resolve = (path) => resolve(base, path)
  const read = (path: string): string => readFileSync(absolute(path), 'utf8').trim()
  const { database, gateway, control, issuers, upstream, audit, notifications } = config
  const secret = <S extends { value?: string | undefined; file?: string | undefined }>(s: S): S =>
    s.value === undefined && s.file !== undefined ? { ...s, value: read(s.file) } : s
  return {
    ...config,
    database: {
      ...database,
      url: database.url ?? (database.urlFile === undefined ? undefined : read(database.urlFile)),
      adminUrl:
        database.adminUrl ?? (database.adminUrlFile === undefined ? undefined : read(database.adminUrlFile)),
    },
    gateway: { ...gateway, tls: resolveTls(gateway.tls, absolute) },
    control: {
      ...control,
      tls: resolveTls(control.tls, absolute),
      gatewayCaFile: control.gatewayCaFile === undefined ? undefined : absolute(control.gatewayCaFile),
    },
    upstream: resolveUpstream(upstream, absolute),
    cache: resolveCache(config.cache, read),
    audit: resolveAudit(audit, absolute),
    notifications: {
      ...notifications,
      smtp:
        notifications.smtp?.password === undefined
          ? notifications.smtp
          : { ...notifications.smtp, password: secret(notifications.smtp.password) },
      dataOwners: notifications.dataOwners.map((owner) =>
        owner.webhook === undefined
          ? owner
          : { ...owner, webhook: { ...owner.webhook, secret: secret(owner.webhook.secret) } },
      ),
    },
    issuers: issuers.map((i) =>
      i.clientSecret === undefined ? i : { ...i, clientSecret: secret(i.clientSecret) },
    ),
  }
}
