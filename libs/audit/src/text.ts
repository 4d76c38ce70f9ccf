import type { Sha256 } from './canonical.ts'

// Control characters (C0, DEL, C1), line and paragraph separators, bidirectional and zero-width controls, lone surrogates:
// what can forge a line, drive a terminal, hide text from a reader, or make Postgres refuse the event.
const unsafeCharacter = /[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|\p{Surrogate}/gu

/** The same characters as {@link escapeUnsafe} escapes, as they look inside JSON text; a cheap test before the walk. */
export const unsafeInJson =
  /\\[ubfr]|[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|\p{Surrogate}/u

/** Writes unsafe characters as `\u{1b}`, a form PromQL and JSON do not have; keeps newline and tab. */
export function escapeUnsafe(text: string): string {
  return text.replace(unsafeCharacter, (c) =>
    c === '\n' || c === '\t' ? c : `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`,
  )
}

const secretName =
  '(?:client_?secret|session_?secret|(?:access_?|refresh_?|id_?)?token|passw(?:or)?d|code_verifier|api_?key)'
const secretShapes: readonly (readonly [RegExp, string])[] = [
  [/gatehouse_(?:sa|pat)_[A-Za-z0-9_-]{8,}/g, '[redacted token]'],
  [/eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)*/g, '[redacted token]'],
  [/\b(bearer|basic|digest|negotiate) +[A-Za-z0-9+/=._~-]{8,}/gi, '$1 [redacted]'],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, '[redacted key]'],
  [new RegExp(`\\b(${secretName}["'\\\\]*\\s*[=:]\\s*["'\\\\]*)[^\\s"'&;,}\\\\]+`, 'gi'), '$1[redacted]'],
  [/((?:__Host-|__Secure-)[A-Za-z0-9_.-]+=)[^\s;,"']+/g, '$1[redacted]'],
]

/** Whether a text (or JSON text) may hold a secret; a cheap test before {@link scrubSecrets}. */
export const maybeSecret =
  /gatehouse_(?:sa|pat)_|eyJ[A-Za-z0-9_-]+\.|(?:bearer|basic|digest|negotiate) +\S|-----BEGIN|(?:secret|token|passw(?:or)?d|code_verifier|api_?key)["'\\]*\s*[=:]|__Host-|__Secure-/i

/** Replaces what looks like a token, password, cookie, authorization header or private key. */
export function scrubSecrets(text: string): string {
  let out = text
  for (const [shape, replacement] of secretShapes) out = out.replace(shape, replacement)
  return out
}

const secretKey = /^(authorization|cookie|set-?cookie|token|.*(secret|passw(or)?d|private_?key|api_?key))$/i

/** Whether a member of this name is a secret whatever its value. */
export function isSecretKey(name: string): boolean {
  return secretKey.test(name)
}

/** At most `max` UTF-16 units of `text`, then the length and SHA-256 of `original`; the whole text if it fits. */
export function boundText(text: string, max: number, original: () => string): string {
  if (text.length <= max) return text
  return `${text
    .slice(0, max)
    .toWellFormed()
    .replace(/\ufffd$/, '')}${original()}`
}

/** The note that stands for what was cut from a text. */
export function cutNote(text: string, sha256: Sha256): string {
  return `…[cut: length ${text.length}, sha256 ${sha256(text)}]`
}
