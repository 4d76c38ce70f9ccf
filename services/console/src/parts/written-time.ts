/** Milliseconds of a unit as durations are written. */
export const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  // Where no calendar says more.
  M: 2_592_000_000,
  y: 31_536_000_000,
}

/** A duration such as `30s`, `1h30m` or `>10s` in milliseconds; undefined if it is none. */
export function durationMs(text: string): number | undefined {
  const parts = [
    ...text
      .trim()
      .replace(/^>/, '')
      .matchAll(/(\d+(?:\.\d+)?)(ms|[smhdwMy])/g),
  ]
  if (parts.length === 0 || parts.map(([all]) => all).join('') !== text.trim().replace(/^>/, ''))
    return undefined
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (unitMs[unit ?? ''] ?? 0), 0)
}

/** Milliseconds as one PromQL duration of the greatest unit that fits. */
export function durationText(ms: number): string {
  const whole = Math.max(1, Math.round(ms))
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    const each = unitMs[unit] ?? 1
    if (whole % each === 0) return `${whole / each}${unit}`
  }
  return `${whole}ms`
}

type CalendarUnit = 'y' | 'M' | 'w' | 'd' | 'h' | 'm' | 's'

/** Reads and writes parts of a date in the reader's or in universal time. */
function calendar(isUtc: boolean) {
  const make = (y: number, mo: number, d: number, h = 0, mi = 0, s = 0): number =>
    isUtc ? Date.UTC(y, mo, d, h, mi, s) : new Date(y, mo, d, h, mi, s).getTime()
  const read = (ms: number): readonly [number, number, number, number, number, number, number] => {
    const t = new Date(ms)
    return isUtc
      ? [
          t.getUTCFullYear(),
          t.getUTCMonth(),
          t.getUTCDate(),
          t.getUTCHours(),
          t.getUTCMinutes(),
          t.getUTCSeconds(),
          t.getUTCDay(),
        ]
      : [t.getFullYear(), t.getMonth(), t.getDate(), t.getHours(), t.getMinutes(), t.getSeconds(), t.getDay()]
  }
  return { make, read }
}

/** The beginning of the unit a time lies in; weeks begin on Monday. */
function startOf(ms: number, unit: CalendarUnit, isUtc: boolean): number {
  const { make, read } = calendar(isUtc)
  const [y, mo, d, h, mi, s, day] = read(ms)
  switch (unit) {
    case 'y':
      return make(y, 0, 1)
    case 'M':
      return make(y, mo, 1)
    case 'w':
      return make(y, mo, d - ((day + 6) % 7))
    case 'd':
      return make(y, mo, d)
    case 'h':
      return make(y, mo, d, h)
    case 'm':
      return make(y, mo, d, h, mi)
    case 's':
      return make(y, mo, d, h, mi, s)
  }
}

function add(ms: number, count: number, unit: CalendarUnit, isUtc: boolean): number {
  if (unit === 'h' || unit === 'm' || unit === 's') return ms + count * (unitMs[unit] ?? 0)
  const { make, read } = calendar(isUtc)
  const [y, mo, d, h, mi, s] = read(ms)
  const rest = ms % 1_000
  if (unit === 'y') return make(y + count, mo, d, h, mi, s) + rest
  if (unit === 'M') return make(y, mo + count, d, h, mi, s) + rest
  return make(y, mo, d + count * (unit === 'w' ? 7 : 1), h, mi, s) + rest
}

/** What the meaning of a written time depends on. */
export interface TimeSetting {
  /** Milliseconds since 1970. */
  readonly now: number
  readonly isUtc: boolean
  /** Whether rounding (`now/d`) goes to the end of the unit, as it does for the end of a range. */
  readonly isEnd?: boolean
}

/** A written time in milliseconds; undefined if it is none. */
export function parseTime(text: string, setting: TimeSetting): number | undefined {
  const trimmed = text.trim()
  if (/^\d{10,}$/.test(trimmed)) return Number(trimmed)
  if (trimmed.startsWith('now')) return parseRelative(trimmed.slice(3), setting)
  // Without a zone a date and time are the reader's own.
  const plain = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d))?)?$/.exec(trimmed)
  if (plain !== null) {
    const [y = 0, mo = 1, d = 1, h = 0, mi = 0, s = 0] = plain.slice(1).map((part) => Number(part ?? 0))
    const exact = calendar(setting.isUtc).make(y, mo - 1, d, h, mi, s)
    return Number.isNaN(exact) ? undefined : exact
  }
  const parsed = /^\d{4}-/.test(trimmed) ? Date.parse(trimmed) : Number.NaN
  return Number.isNaN(parsed) ? undefined : parsed
}

function parseRelative(text: string, { now, isUtc, isEnd = false }: TimeSetting): number | undefined {
  const plain = text.replace(/\s/g, '')
  // `-1h30m` is one and a half hours back: what has no sign of its own has that before it.
  const parts = [...plain.matchAll(/([+-]?)(\d*)([yMwdhms])|\/([yMwdhms])/g)]
  if (!/^([+\-/]|$)/.test(plain) || parts.map(([all]) => all).join('') !== plain) return undefined
  let [time, direction] = [now, 1]
  for (const [, sign, count, unit, rounded] of parts) {
    if (rounded !== undefined) {
      const start = startOf(time, rounded as CalendarUnit, isUtc)
      time = isEnd ? add(start, 1, rounded as CalendarUnit, isUtc) - 1 : start
    } else {
      if (sign !== '') direction = sign === '-' ? -1 : 1
      time = add(time, Number(count === '' ? 1 : count) * direction, unit as CalendarUnit, isUtc)
    }
  }
  return time
}

/** A time as `2026-02-03 14:05:06`. */
export function dateText(ms: number, isUtc: boolean): string {
  const shifted = isUtc ? ms : ms - new Date(ms).getTimezoneOffset() * 60_000
  return new Date(shifted).toISOString().slice(0, 19).replace('T', ' ')
}
