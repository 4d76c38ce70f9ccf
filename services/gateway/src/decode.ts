import { GatehouseError } from '@gatehouse/errors'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const plain = /^[\x21-\x24\x26-\x2a\x2c-\x7e]*$/
const ascii = /^[^\u0080-\uffff]*$/

/** What the strict decoder of JavaScript itself makes of it, many times faster; undefined where it finds fault. */
function decodeFast(text: string): string | undefined {
  if (!ascii.test(text)) return undefined
  try {
    const decoded = decodeURIComponent(text.replaceAll('+', ' '))
    return decoded.includes('\0') ? undefined : decoded
  } catch {
    return undefined
  }
}

/**
 * Decodes one `application/x-www-form-urlencoded` component strictly: every `%` starts two hex digits, the bytes are UTF-8
 * and none is NUL. Anything lenient here would be read otherwise by an upstream.
 * @throws GatehouseError `bad_data`
 */
export function decodeComponent(text: string): string {
  // Nothing encoded: the common case, and free of NUL, `%`, `+` and bytes beyond ASCII.
  if (plain.test(text)) return text
  return decodeFast(text) ?? decodeBytes(text)
}

/** Byte by byte: what is not ASCII, and what is wrong. */
function decodeBytes(text: string): string {
  const bytes = new Uint8Array(text.length)
  let length = 0
  for (let i = 0; i < text.length; i += 1) {
    let byte = text.charCodeAt(i)
    if (byte === 0x25) {
      byte = hexByte(text, i + 1)
      i += 2
    } else if (byte === 0x2b) byte = 0x20
    if (byte === 0 || byte > 0xff)
      throw new GatehouseError('bad_data', 'a parameter holds a NUL or is not UTF-8')
    bytes[length] = byte
    length += 1
  }
  try {
    return utf8.decode(bytes.subarray(0, length))
  } catch {
    throw new GatehouseError('bad_data', 'a parameter is not valid UTF-8')
  }
}

/** Parses a JSON body, given as one character a byte. @throws GatehouseError `bad_data` */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(utf8.decode(Buffer.from(text, 'latin1')))
  } catch (cause) {
    throw new GatehouseError('bad_data', 'the body is not valid JSON', { cause })
  }
}

function hexByte(text: string, at: number): number {
  const digits = text.slice(at, at + 2)
  if (!/^[0-9a-fA-F]{2}$/.test(digits)) {
    throw new GatehouseError('bad_data', 'a parameter has a % that is not followed by two hexadecimal digits')
  }
  return Number.parseInt(digits, 16)
}

/**
 * Name/value pairs of a query string or form body, decoded; `;` is data, empty pairs are skipped.
 * `text` holds one character a byte (latin-1), as Node hands request targets over.
 * @throws GatehouseError `bad_data`
 */
export function decodeForm(text: string): (readonly [name: string, value: string])[] {
  const pairs: (readonly [string, string])[] = []
  if (text === '') return pairs
  for (const pair of text.split('&')) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const name = equals === -1 ? pair : pair.slice(0, equals)
    const value = equals === -1 ? '' : pair.slice(equals + 1)
    pairs.push([decodeComponent(name), decodeComponent(value)])
  }
  return pairs
}
