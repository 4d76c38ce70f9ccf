/** Milliseconds of each duration unit, largest first: the order in which they may follow each other. */
const units: readonly (readonly [unit: string, ms: number, whole: boolean])[] = [
  ['y', 365 * 86_400_000, true],
  ['w', 7 * 86_400_000, true],
  ['d', 86_400_000, false],
  ['h', 3_600_000, false],
  ['m', 60_000, false],
  ['s', 1_000, false],
  ['ms', 1, false],
]

/** Largest duration, 2^63 - 1 ns as in Go, in whole milliseconds. */
const maxDurationMs = 9_223_372_036_854

/** Milliseconds of a duration such as `1h30m`; undefined when malformed or above 292 years. */
export function parseDuration(text: string): number | undefined {
  const part = /(\d+)(ms|[ywdhms])/y
  let total = 0
  let at = 0
  for (const [unit, ms] of units) {
    part.lastIndex = at
    const match = part.exec(text)
    if (match?.[2] !== unit) continue
    total += Number(match[1]) * ms
    at = part.lastIndex
  }
  return at === text.length && at > 0 && total <= maxDurationMs ? total : undefined
}

/** A duration in milliseconds (a whole number, not negative) in Prometheus's form: `1w`, `8d`, `1h30m`, `0s`. */
export function printDuration(ms: number): string {
  if (ms === 0) return '0s'
  let rest = ms
  let text = ''
  for (const [unit, size, whole] of units) {
    if (rest < size || (whole && rest % size !== 0)) continue
    text += `${Math.floor(rest / size)}${unit}`
    rest %= size
  }
  return text
}

/** Seconds of a duration, with the rounding of Go's `Duration.Seconds`. */
export function durationSeconds(ms: number): number {
  return Math.floor(ms / 1000) + ((ms % 1000) * 1e6) / 1e9
}

/**
 * Milliseconds of a number of seconds that stands where a duration is expected (`[300]`, `offset 1.5`); undefined when out
 * of range or not a whole number of milliseconds, which no other form of writing it could express.
 */
export function secondsToMs(seconds: number): number | undefined {
  const ns = Math.sign(seconds) * Math.round(Math.abs(seconds) * 1e9)
  const ms = ns / 1e6
  const isExact = Number.isInteger(ms) && (ms !== 0 || seconds === 0)
  return isExact && Math.abs(ms) <= maxDurationMs ? ms + 0 : undefined
}

const int64Max = 2n ** 63n - 1n

/** A Go integer literal (`0x1f`, `017`, `1_000`) in the range of int64. */
function parseInteger(text: string): number | undefined {
  const digits = text.replaceAll('_', '')
  const octal = /^0[0-7]+$/.test(digits)
  if (!octal && !/^(0x[0-9a-f]+|0|[1-9]\d*)$/i.test(digits)) return undefined
  // Far longer than any int64: the caller reads it as a float, and BigInt is spared the quadratic work.
  if (digits.replace(/^0x?0*/i, '').length > 22) return undefined
  const value = BigInt(octal ? `0o${digits.slice(1)}` : digits)
  return value <= int64Max ? Number(value) : undefined
}

/**
 * Value of a number token as Go's ParseInt(…, 0) and then ParseFloat read it: leading zeros mean octal where that is
 * possible, underscores may stand between digits, what overflows is refused. undefined when malformed.
 */
export function parseNumber(text: string): number | undefined {
  const lower = text.toLowerCase()
  if (lower === 'inf') return Infinity
  if (lower === 'nan') return NaN
  // An underscore stands between two digits, or between a base prefix and a digit.
  const stray = lower.startsWith('0x') ? /_(?![0-9a-f])|(?<![0-9a-fx])_/ : /_(?!\d)|(?<!\d)_/
  if (stray.test(lower)) return undefined
  const integer = parseInteger(lower)
  if (integer !== undefined) return integer
  const digits = lower.replaceAll('_', '')
  if (!/^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/.test(digits)) return undefined
  const value = Number(digits)
  return Number.isFinite(value) ? value : undefined
}

/** A number as PromQL text that reads back as the same bits (`NaN` as the one NaN). */
export function printNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (value === Infinity) return 'Inf'
  if (value === -Infinity) return '-Inf'
  return Object.is(value, -0) ? '-0' : String(value)
}
