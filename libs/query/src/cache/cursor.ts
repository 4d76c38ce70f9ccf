import { GatehouseError } from '@gatehouse/errors'

/** A position in a JSON text. The text is bytes: answers are cut and joined without ever being decoded. */
export interface Cursor {
  readonly bytes: Buffer
  at: number
}

export const quote = 0x22
export const comma = 0x2c
export const colon = 0x3a
export const openBracket = 0x5b
export const closeBracket = 0x5d
export const openBrace = 0x7b
export const closeBrace = 0x7d
export const backslash = 0x5c

/** An answer whose text is not what was expected; it may still be passed on, but not cut. */
export function unrecognised(what: string): GatehouseError {
  return new GatehouseError('bad_gateway', 'the answer of an upstream has an unknown form', { detail: what })
}

/** Skips white space and takes `byte`. @throws GatehouseError `bad_gateway` if another one follows. */
export function expectByte(cursor: Cursor, byte: number): void {
  if (!takeByte(cursor, byte)) {
    throw unrecognised(`expected ${String.fromCharCode(byte)} at byte ${cursor.at}`)
  }
}

/** Skips white space and takes `byte` if it follows. */
export function takeByte(cursor: Cursor, byte: number): boolean {
  skipSpace(cursor)
  if (cursor.bytes[cursor.at] !== byte) return false
  cursor.at += 1
  return true
}

/** Skips JSON's white space. */
export function skipSpace(cursor: Cursor): void {
  const { bytes } = cursor
  for (;;) {
    const byte = bytes[cursor.at]
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return
    cursor.at += 1
  }
}

/** Takes exactly these bytes if they follow. The quick way past what Prometheus always writes alike. */
export function takeLiteral(cursor: Cursor, literal: Uint8Array): boolean {
  const { bytes, at } = cursor
  for (let i = 0; i < literal.length; i += 1) if (bytes[at + i] !== literal[i]) return false
  cursor.at = at + literal.length
  return true
}

/** Takes a string. @returns its raw content, escapes and all, as a view. @throws GatehouseError `bad_gateway` */
export function takeString(cursor: Cursor): Buffer {
  expectByte(cursor, quote)
  const start = cursor.at
  skipStringTail(cursor)
  return cursor.bytes.subarray(start, cursor.at - 1)
}

function skipStringTail(cursor: Cursor): void {
  const { bytes } = cursor
  const end = bytes.length
  let at = cursor.at
  while (at < end) {
    const byte = bytes[at] ?? 0
    if (byte === quote) {
      cursor.at = at + 1
      return
    }
    if (byte < 0x20) throw unrecognised(`control character at byte ${at}`)
    at += byte === backslash ? 2 : 1
  }
  throw unrecognised('a string without an end')
}

/**
 * Takes any value without recursion, however deep. It checks that brackets pair up, not every comma.
 * @returns its text as a view. @throws GatehouseError `bad_gateway`
 */
export function takeValue(cursor: Cursor): Buffer {
  skipSpace(cursor)
  const { bytes } = cursor
  const start = cursor.at
  const open: number[] = []
  while (cursor.at < bytes.length) {
    const byte = bytes[cursor.at] ?? 0
    if (open.length === 0 && (byte === comma || byte === closeBrace || byte === closeBracket)) break
    cursor.at += 1
    if (byte === quote) skipStringTail(cursor)
    else if (byte === openBrace || byte === openBracket) open.push(byte + 2)
    else if (byte === closeBrace || byte === closeBracket) {
      if (open.pop() !== byte) throw unrecognised(`unpaired bracket at byte ${cursor.at}`)
      if (open.length === 0) break
    }
  }
  if (open.length > 0 || cursor.at === start) throw unrecognised('a value without an end')
  return bytes.subarray(start, cursor.at)
}

/** Takes an object and calls `each` after every `name:`, with the name's raw text. @throws GatehouseError `bad_gateway` */
export function takeObject(cursor: Cursor, each: (name: string) => void): void {
  const seen: string[] = []
  expectByte(cursor, openBrace)
  if (takeByte(cursor, closeBrace)) return
  do {
    const name = takeString(cursor).toString('latin1')
    if (seen.includes(name)) throw unrecognised(`key ${name} stands twice`)
    seen.push(name)
    expectByte(cursor, colon)
    each(name)
  } while (takeByte(cursor, comma))
  expectByte(cursor, closeBrace)
}

/** Takes an array and calls `each` before every element. @throws GatehouseError `bad_gateway` */
export function takeArray(cursor: Cursor, each: () => void): void {
  expectByte(cursor, openBracket)
  if (takeByte(cursor, closeBracket)) return
  do each()
  while (takeByte(cursor, comma))
  expectByte(cursor, closeBracket)
}
