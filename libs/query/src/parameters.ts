import { GatehouseError } from '@gatehouse/errors'
import type { TimeRange } from './model.ts'

/** Most points a series may have in one range query; Prometheus's own limit. */
export const maxPointsPerSeries = 11_000

// Go's decimal float syntax. Hexadecimal floats, NaN and Inf, which Go also reads, mean nothing as a time.
const decimal = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/
const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)([.,]\d+)?(Z|[+-]\d\d:\d\d)$/
const duration = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/
const unitMs = [31_536_000_000, 604_800_000, 86_400_000, 3_600_000, 60_000, 1_000, 1]
/** int64 nanoseconds, Prometheus's bound of a duration, in ms. */
const maxDurationMs = 9_223_372_036_854

/** The bounds Prometheus itself prints for "everything"; clients send them back. */
const namedTimes: ReadonlyMap<string, number> = new Map([
  ['-292273086-05-16T16:47:06Z', -Number.MAX_SAFE_INTEGER],
  ['292277025-08-18T07:12:54.999999999Z', Number.MAX_SAFE_INTEGER],
])

function invalid(name: string, problem: string): GatehouseError {
  return new GatehouseError('bad_data', `invalid parameter ${JSON.stringify(name)}: ${problem}`)
}

function fromSeconds(seconds: number): number {
  const whole = Math.trunc(seconds)
  const fraction = (seconds - whole) * 1000
  // Half away from zero, as Go's math.Round.
  return whole * 1000 + Math.sign(fraction) * Math.round(Math.abs(fraction))
}

function fromRfc3339(text: string): number | undefined {
  const match = rfc3339.exec(text)
  if (match === null) return undefined
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number)
  const zone = match[8] ?? 'Z'
  const [zoneHour = 0, zoneMinute = 0] = zone === 'Z' ? [] : zone.slice(1).split(':').map(Number)
  if (hour > 23 || minute > 59 || second > 59 || zoneHour > 23 || zoneMinute > 59) return undefined
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined
  const sign = zone.startsWith('-') ? -1 : 1
  const ms = Number((match[7] ?? '.0').slice(1, 4).padEnd(3, '0'))
  const seconds = hour * 3600 + minute * 60 + second - sign * (zoneHour * 3600 + zoneMinute * 60)
  return date.getTime() + seconds * 1000 + ms
}

/**
 * A point in time as Prometheus's API reads it: float seconds since the epoch or RFC 3339.
 * @returns ms since the epoch.
 * @throws GatehouseError `bad_data` in Prometheus's words.
 */
export function parseTime(name: string, text: string): number {
  const ms = decimal.test(text) ? fromSeconds(Number(text)) : (namedTimes.get(text) ?? fromRfc3339(text))
  if (ms === undefined || !Number.isSafeInteger(ms)) {
    throw invalid(name, `cannot parse ${JSON.stringify(text)} to a valid timestamp`)
  }
  return ms + 0 // no negative zero
}

/**
 * A duration as Prometheus's API reads it: float seconds or `1h30m` units.
 * @returns whole ms, rounded down as the engine does.
 * @throws GatehouseError `bad_data` in Prometheus's words.
 */
export function parseDuration(name: string, text: string): number {
  const shown = JSON.stringify(text)
  const ms = decimal.test(text) ? Number(text) * 1000 : fromUnits(text)
  if (ms === undefined) throw invalid(name, `cannot parse ${shown} to a valid duration`)
  if (Math.abs(ms) > maxDurationMs) {
    throw invalid(name, `cannot parse ${shown} to a valid duration. It overflows int64`)
  }
  // 0.015 s is 15.000000000000002 ms or 14.999… in floats; the nearest nanosecond is what was meant.
  return Math.trunc(Math.round(ms * 1e6) / 1e6)
}

function fromUnits(text: string): number | undefined {
  if (text === '0') return 0
  const match = text === '' ? null : duration.exec(text)
  if (match === null) return undefined
  return match.slice(1).reduce((sum, digits, i) => sum + Number(digits ?? 0) * (unitMs[i] ?? 0), 0)
}

/** A count of results, 0 meaning no limit. @throws GatehouseError `bad_data` */
export function parseLimit(name: string, text: string): number {
  const limit = /^\+?\d+$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(limit)) return limit
  throw invalid(
    name,
    /^-\d+$/.test(text)
      ? 'limit must be non-negative'
      : `cannot parse ${JSON.stringify(text)} to a valid limit`,
  )
}

/** Evaluation times of a range query. @throws GatehouseError `bad_data` in Prometheus's words. */
export function rangeOf(start: number, end: number, step: number): TimeRange {
  if (end < start) throw invalid('end', 'end timestamp must not be before start time')
  if (step <= 0) {
    throw invalid(
      'step',
      'zero or negative query resolution step widths are not accepted. Try a positive integer',
    )
  }
  if ((end - start) / step > maxPointsPerSeries) {
    throw new GatehouseError(
      'bad_data',
      'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
    )
  }
  return { start, end, step }
}

/** A time as every Prometheus reads it back exactly: seconds with three decimals. */
export function formatTime(ms: number): string {
  return (ms / 1000).toFixed(3)
}

/** A duration as every Prometheus reads it back exactly; float seconds would lose a millisecond in some values. */
export function formatDuration(ms: number): string {
  return `${ms}ms`
}
