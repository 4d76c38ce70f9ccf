import {
  closeBrace,
  colon,
  comma,
  type Cursor,
  expectByte,
  openBrace,
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
export function takeLabels(cursor: Cursor): { readonly metric: Buffer; readonly key: Buffer } {
  const start = cursor.at
  const parts: Buffer[] = []
  let last: Buffer | undefined
  expectByte(cursor, openBrace)
  if (!takeByte(cursor, closeBrace)) {
    do {
      const name = decode(takeString(cursor))
      if (last !== undefined && last.compare(name) >= 0) throw unrecognised('label names out of order')
      last = name
      expectByte(cursor, colon)
      parts.push(name, terminator, decode(takeString(cursor)), terminator)
    } while (takeByte(cursor, comma))
    expectByte(cursor, closeBrace)
  }
  // Copies: views would keep the whole answer in memory for the sake of its label sets.
  return { metric: Buffer.from(cursor.bytes.subarray(start, cursor.at)), key: Buffer.concat(parts) }
}

const terminator = Buffer.from([0])

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
