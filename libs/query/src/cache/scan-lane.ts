import type { TimeRange } from '../model.ts'
import { closeBracket, comma, type Cursor, openBracket, quote, takeValue, unrecognised } from './cursor.ts'

/** Growing columns that collect the samples of a whole answer. */
export interface Columns {
  times: Float64Array<ArrayBuffer>
  starts: Uint32Array<ArrayBuffer>
  count: number
}

/** Where a lane stands in the columns, and where its text ends. */
export interface LaneSpan {
  readonly first: number
  readonly next: number
  readonly end: number
}

/** Columns for an answer of `bytes` bytes. */
export function createColumns(bytes: number): Columns {
  const capacity = Math.max(16, Math.ceil(bytes / 24))
  return { times: new Float64Array(capacity), starts: new Uint32Array(capacity), count: 0 }
}

/** Cuts the columns to what is used. */
export function trimColumns(columns: Columns): void {
  if (columns.times.length === columns.count) return
  columns.times = columns.times.slice(0, columns.count)
  columns.starts = columns.starts.slice(0, columns.count)
}

function grow(columns: Columns): void {
  const times = new Float64Array(columns.times.length * 2)
  const starts = new Uint32Array(columns.times.length * 2)
  times.set(columns.times)
  starts.set(columns.starts)
  columns.times = times
  columns.starts = starts
}

/**
 * Takes the samples `[[time,"value"],…]` of one series. It is strict: no white space, no escapes, ascending times that all
 * lie on the grid of `range`; a server that moves start or end (some align them) is thus never cut.
 * @throws GatehouseError `bad_gateway`
 */
export function takeLane(cursor: Cursor, columns: Columns, range: TimeRange, isHistogram: boolean): LaneSpan {
  const { bytes } = cursor
  const first = columns.count
  if (bytes[cursor.at] !== openBracket) throw unrecognised('samples are not a list')
  cursor.at += 1
  if (bytes[cursor.at] === closeBracket) {
    cursor.at += 1
    return { first, next: first, end: cursor.at }
  }
  let last = Number.NEGATIVE_INFINITY
  do {
    const start = cursor.at
    const time = takeTime(cursor)
    if (isHistogram) takeValue(cursor)
    else skipNumberText(cursor)
    if (bytes[cursor.at] !== closeBracket) throw unrecognised(`sample at byte ${start}`)
    cursor.at += 1
    const isOnGrid =
      time > last && time <= range.end && time >= range.start && (time - range.start) % range.step === 0
    if (!isOnGrid) throw unrecognised(`sample at ${time} ms is not on the grid of the query`)
    last = time
    if (columns.count === columns.times.length) grow(columns)
    columns.times[columns.count] = time
    columns.starts[columns.count] = start
    columns.count += 1
  } while (bytes[cursor.at++] === comma)
  if (bytes[cursor.at - 1] !== closeBracket) throw unrecognised(`samples end at byte ${cursor.at}`)
  return { first, next: columns.count, end: cursor.at - 1 }
}

/** Takes `[seconds,` with at most three decimals, exactly. @returns ms */
function takeTime(cursor: Cursor): number {
  const { bytes } = cursor
  let at = cursor.at
  if (bytes[at] !== openBracket) throw unrecognised(`sample at byte ${at}`)
  at += 1
  const isNegative = bytes[at] === 0x2d
  if (isNegative) at += 1
  let ms = 0
  let decimals = -1
  const start = at
  for (; decimals < 3; at += 1) {
    const byte = bytes[at] ?? 0
    if (byte >= 0x30 && byte <= 0x39) {
      ms = ms * 10 + byte - 0x30
      if (decimals >= 0) decimals += 1
    } else if (byte === 0x2e && decimals < 0 && at > start) decimals = 0
    else break
  }
  if (at === start || decimals === 0 || bytes[at] !== comma) throw unrecognised(`time at byte ${start}`)
  cursor.at = at + 1
  const scale = decimals < 1 ? 1000 : decimals === 1 ? 100 : decimals === 2 ? 10 : 1
  return isNegative ? -ms * scale : ms * scale
}

/** The bytes of numbers, `NaN` and `+Inf`: + - . digits and letters. */
const isPlain = new Uint8Array(256)
for (const char of '+-.0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ')
  isPlain[char.charCodeAt(0)] = 1

/** Skips a value: a number in quotes. */
function skipNumberText(cursor: Cursor): void {
  const { bytes } = cursor
  const start = cursor.at + 1
  let at = start
  while (isPlain[bytes[at] ?? 0] === 1) at += 1
  if (bytes[start - 1] !== quote || bytes[at] !== quote || at === start)
    throw unrecognised(`value at byte ${start}`)
  cursor.at = at + 1
}
