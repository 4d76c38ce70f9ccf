import type { Sha256 } from './canonical.ts'
import { boundText, cutNote, escapeUnsafe, isSecretKey, scrubSecrets } from './text.ts'

/** Bounds of one event. An attacker decides how long a query is; the log decides how much of it is kept. */
export const limits = {
  /** UTF-16 units of an ordinary text. */
  text: 1_024,
  /** UTF-16 units of a query, a matcher or an enforced expression. */
  query: 16_384,
  /** UTF-16 units of all texts of an event together. */
  total: 65_536,
  /** Members of one array or object. */
  members: 200,
  /** Values of an event in all. */
  values: 2_000,
  depth: 8,
} as const

const queryKeys = new Set(['query', 'matches', 'enforced'])

interface Walk {
  readonly sha256: Sha256
  text: number
  values: number
}

// Scrubbing sees a little beyond the cut, so that no secret is halved and then missed.
const lookahead = 2_048

function redactText(text: string, key: string, walk: Walk): string {
  const max = Math.min(queryKeys.has(key) ? limits.query : limits.text, Math.max(walk.text, 16))
  const head = text.length > max + lookahead ? text.slice(0, max + lookahead) : text
  const clean = escapeUnsafe(scrubSecrets(head))
  const bounded = boundText(clean, max, () => cutNote(text, walk.sha256))
  walk.text -= bounded.length
  return bounded
}

function redactArray(values: readonly unknown[], key: string, depth: number, walk: Walk): unknown[] {
  const kept = values.slice(0, limits.members).map((value) => redactValue(value, key, depth + 1, walk))
  if (values.length > limits.members) kept.push(`…[cut: ${values.length - limits.members} more]`)
  return kept
}

function redactObject(value: object, depth: number, walk: Walk): Record<string, unknown> {
  const entries = Object.entries(value).filter(([, member]) => member !== undefined)
  const kept = entries.slice(0, limits.members).map(([key, member]): [string, unknown] => {
    const name = boundText(escapeUnsafe(key), 128, () => cutNote(key, walk.sha256))
    return [name, isSecretKey(key) ? '[redacted]' : redactValue(member, key, depth + 1, walk)]
  })
  if (entries.length > limits.members) kept.push(['…', `[cut: ${entries.length - limits.members} more]`])
  return Object.fromEntries(kept)
}

function redactValue(value: unknown, key: string, depth: number, walk: Walk): unknown {
  walk.values -= 1
  if (depth > limits.depth || walk.values < 0) return '…[cut]'
  if (value === null || typeof value === 'boolean') return value
  if (typeof value === 'string') return redactText(value, key, walk)
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (Array.isArray(value)) return redactArray(value, key, depth, walk)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString()
  if (typeof value === 'object') return redactObject(value, depth, walk)
  return typeof value === 'bigint' ? String(value) : `[${typeof value}]`
}

/**
 * A copy of the value fit to be kept: tokens and secrets replaced, unsafe characters escaped, long texts cut with their
 * length and hash, big or deep structures cut. Never throws for any JSON-like input: an attacker's request must not
 * be able to fail its own audit event.
 */
export function redact(value: unknown, sha256: Sha256): unknown {
  return redactValue(value, '', 0, { sha256, text: limits.total, values: limits.values })
}
