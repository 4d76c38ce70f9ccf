import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { type Config, configSchema } from './schema.ts'

/**
 * Parses and validates configuration text (YAML).
 * @throws Error naming every wrong key and its path.
 */
export function parseConfig(text: string, file = 'configuration'): Config {
  const result = configSchema.safeParse(parse(text) ?? {})
  if (!result.success) throw new Error(`${file} is not valid:\n${z.prettifyError(result.error)}`)
  return result.data
}

/**
 * Reads the configuration file once and resolves `*File`/`file` secrets relative to it.
 * @throws Error if the file or a secret file cannot be read, or a key is unknown or wrong.
 */
export function loadConfig(file: string): Config {
  const config = parseConfig(readFileSync(file, 'utf8'), file)
  const base = dirname(resolve(file))
  const read = (path: string): string => readFileSync(resolve(base, path), 'utf8').trim()
  const { database, issuers, audit, cache } = config
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
    cache:
      cache.redis === undefined
        ? cache
        : {
            ...cache,
            redis: {
              ...cache.redis,
              url:
                cache.redis.url ??
                (cache.redis.urlFile === undefined ? undefined : read(cache.redis.urlFile)),
              secret: secret(cache.redis.secret),
            },
          },
    audit: { ...audit, spoolDir: resolve(base, audit.spoolDir) },
    issuers: issuers.map((i) =>
      i.clientSecret === undefined ? i : { ...i, clientSecret: secret(i.clientSecret) },
    ),
  }
}
