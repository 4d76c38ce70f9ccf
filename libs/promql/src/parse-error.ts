import { GatehouseError } from '@gatehouse/errors'

/** Length in UTF-8 bytes of a text, as Prometheus counts positions. Lone surrogates count three, as when replaced. */
export function utf8Length(text: string): number {
  let bytes = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x80) bytes += 1
    else if (code < 0x800) bytes += 2
    else if (code >= 0xd800 && code < 0xdc00 && i + 1 < text.length) {
      bytes += 4
      i++
    } else bytes += 3
  }
  return bytes
}

/** `line:column` of a UTF-16 offset as Prometheus prints it: lines end at LF, columns count bytes from 1. */
export function describePosition(text: string, offset: number): string {
  if (text === '') return 'unknown position'
  const before = text.slice(0, offset)
  const lineStart = before.lastIndexOf('\n') + 1
  let line = 1
  for (let at = before.indexOf('\n'); at !== -1; at = before.indexOf('\n', at + 1)) line++
  return `${line}:${utf8Length(before.slice(lineStart)) + 1}`
}

/** A `bad_data` error in Prometheus's form, `line:column: parse error: reason`. */
export function parseError(text: string, offset: number, reason: string): GatehouseError {
  return new GatehouseError('bad_data', `${describePosition(text, offset)}: parse error: ${reason}`)
}

const longestQuoted = 40

/** A piece of the query, quoted for an error message and cut when long. */
export function quoteForMessage(text: string): string {
  return JSON.stringify(text.length > longestQuoted ? `${text.slice(0, longestQuoted)}…` : text)
}
