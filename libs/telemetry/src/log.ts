import { pino } from 'pino'

/** Structured logger; one JSON object a line. */
export type Logger = pino.Logger

/** Values that must never reach a log, wherever they stand. */
const redacted = ['authorization', 'cookie', 'token', 'password', 'secret', 'code', 'clientSecret']

/** Creates the process's logger. `name` is the service. */
export function createLogger(options: { name: string; level: string; format?: 'json' | 'text' }): Logger {
  const paths = redacted.flatMap((key) => [key, `*.${key}`, `headers.${key}`])
  return pino({
    name: options.name,
    level: options.level,
    base: { service: options.name, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths, censor: '[redacted]' },
  })
}
