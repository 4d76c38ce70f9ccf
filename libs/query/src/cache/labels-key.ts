import {
  backslash,
  closeBrace,
  colon,
  comma,
  type Cursor,
  expectByte,
  openBrace,
  quote,
  takeByte,
  takeString,
  unrecognised,
} from './cursor.ts'

/**
 * Takes the label set of a series (a JSON object of strings) and makes its sort key: bytes that compare as Prometheus's
 * `labels.Compare` orders label sets, and differ exactly when the label sets do. Names and values end with NUL, a NUL inside
 * becomes `00 FF`; UTF-8 has no byte FF, so the key can be told apart again.
 * @throws GatehouseError `bad_gateway` if it is not such an object, or its names are not sorted (and so may stand twice).
 */
export function takeLabels(cursor: Cursor): LabelSet {
  const start = cursor.at
  const key = takePlainLabels(cursor) ?? takeAnyLabels(cursor)
  // Copies: views would keep the whole answer in memory for the sake of its label sets.
  return { metric: Buffer.from(cursor.bytes.subarray(start, cursor.at)), key }
}

interface LabelSet {
  /** The label set as JSON. */
  readonly metric: Buffer
  readonly key: Buffer
}

const terminator = Buffer.from([0])
let scratch = Buffer.alloc(4_096)

/** A label set without escapes or white space, in one pass; undefined, with the cursor where it was, for any other. */
function takePlainLabels(cursor: Cursor): Buffer | undefined {
  const { bytes } = cursor
  let at = cursor.at
  if (bytes[at] !== openBrace || bytes[at + 1] !== quote) return undefined
  at += 2
  let length = 0
  let nameStart = -1
  for (let isName = true; ; isName = !isName) {
    const textStart = length
    for (let byte = bytes[at] ?? 0; byte !== quote; byte = bytes[at] ?? 0) {
      if (byte < 0x20 || byte === backslash) return undefined
      if (length + 2 >= scratch.length) scratch = Buffer.concat([scratch], scratch.length * 2)
      scratch[length++] = byte
      at += 1
    }
    scratch[length++] = 0
    if (isName) {
      if (nameStart >= 0 && !isAscending(nameStart, textStart, length)) return undefined
      nameStart = textStart
      if (bytes[at + 1] !== colon || bytes[at + 2] !== quote) return undefined
    } else if (bytes[at + 1] === closeBrace) {
      cursor.at = at + 2
      return Buffer.from(scratch.subarray(0, length))
    } else if (bytes[at + 1] !== comma || bytes[at + 2] !== quote) return undefined
    at += 3
  }
}

/** Whether the name that was written at `a` sorts before the one at `b`, which ends before `end`. */
function isAscending(a: number, b: number, end: number): boolean {
  for (let i = 0; b + i < end; i += 1) {
    const left = scratch[a + i] ?? 0
    const right = scratch[b + i] ?? 0
    if (left !== right) return left < right
  }
  return false
}

function takeAnyLabels(cursor: Cursor): Buffer {
  const parts: Buffer[] = []
  let last: Buffer | undefined
  expectByte(cursor, openBrace)
  if (takeByte(cursor, closeBrace)) return Buffer.alloc(0)
  do {
    const name = decode(takeString(cursor))
    if (last !== undefined && last.compare(name) >= 0) throw unrecognised('label names out of order')
    last = name
    expectByte(cursor, colon)
    parts.push(name, terminator, decode(takeString(cursor)), terminator)
  } while (takeByte(cursor, comma))
  expectByte(cursor, closeBrace)
  return Buffer.concat(parts)
}

/** The bytes a raw JSON string stands for, NUL doubled up as described above. */
function decode(raw: Buffer): Buffer {
  if (!raw.includes(0x5c)) return raw
  let text: unknown
  try {
    text = JSON.parse(`"${raw.toString('utf8')}"`)
  } catch {
    throw unrecognised('a string with a wrong escape')
  }
  if (typeof text !== 'string' || !text.isWellFormed()) throw unrecognised('a string that is not Unicode')
  const bytes = Buffer.from(text, 'utf8')
  return bytes.includes(0)
    ? Buffer.from(bytes.toString('latin1').replaceAll('\0', '\0\xff'), 'latin1')
    : bytes
}
