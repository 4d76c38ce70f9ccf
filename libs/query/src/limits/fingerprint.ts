import { type Expr, mapChildren, type Matcher, print, type VectorSelector } from '@gatehouse/promql'

/**
 * The shape of a query: metric and label names, operators and functions stay, while values, numbers and durations, which a
 * dashboard's variables and zoom change, do not. Give it the caller's expression, not the enforced one, so that the
 * callers of one panel share it.
 */
export function queryShape(expr: Expr): string {
  return print(normalise(expr))
}

/** A 64-bit hash of {@link queryShape}, 16 hexadecimal digits. It names queries for people; nothing is decided by its secrecy. */
export function fingerprint(expr: Expr): string {
  return hash64(queryShape(expr))
}

/** Names the look-ups of one kind whose selectors have these fingerprints, in whatever order and number. */
export function lookupFingerprint(kind: string, selectors: readonly string[]): string {
  return hash64([kind, ...new Set([...selectors].sort())].join(' '))
}

function normalise(expr: Expr): Expr {
  switch (expr.kind) {
    case 'ParenExpr':
      return normalise(expr.expr)
    case 'NumberLiteral':
      return { ...expr, value: 0 }
    case 'StringLiteral':
      return { ...expr, value: '' }
    case 'VectorSelector':
      return normaliseSelector(expr)
    case 'MatrixSelector':
      return { ...expr, vector: normaliseSelector(expr.vector), rangeMs: 60_000 }
    case 'SubqueryExpr':
      return { ...expr, expr: normalise(expr.expr), rangeMs: 60_000, stepMs: 0, offsetMs: 0, at: undefined }
    default:
      return mapChildren(expr, normalise)
  }
}

function normaliseSelector(selector: VectorSelector): VectorSelector {
  const shapes = new Map<string, Matcher>()
  for (const { name, op } of selector.matchers) shapes.set(`${name}\0${op}`, { name, op, value: '' })
  const matchers = [...shapes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, matcher]) => matcher)
  return { ...selector, matchers, offsetMs: 0, at: undefined }
}

/** Two murmur-like 32-bit lanes. A cryptographic hash would need an import that a pure library may not have. */
function hash64(text: string): string {
  let a = 0xdeadbeef
  let b = 0x41c6ce57
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i)
    a = Math.imul(a ^ code, 2654435761)
    b = Math.imul(b ^ code, 1597334677)
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909)
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909)
  return [a, b].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('')
}
