import { isLegacyLabelName } from '@gatehouse/promql'

/**
 * The label name a path segment stands for: Prometheus 3 writes names beyond the legacy characters as `U__` followed by the
 * name with `__` for an underscore and `_2e_` for a character by its hexadecimal code (`ValueEncodingEscaping`).
 * A malformed escape stands for itself, as in Prometheus.
 */
export function unescapeLabelName(segment: string): string {
  if (!segment.startsWith('U__')) return segment
  const rest = segment.slice(3)
  const parts = rest.match(/[^_]+|__|_[0-9a-fA-F]{1,6}_/g) ?? []
  if (parts.join('') !== rest) return segment
  const codes = parts.map((part) => {
    if (!part.startsWith('_')) return part
    return part === '__' ? '_' : codePoint(Number.parseInt(part.slice(1, -1), 16))
  })
  return codes.includes(undefined) ? segment : codes.join('')
}

function codePoint(code: number): string | undefined {
  return code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? undefined : String.fromCodePoint(code)
}

/** The path segment for a label name: itself if legacy, else its `U__` form. */
export function escapeLabelName(name: string): string {
  // A legacy name that looks escaped would be read back as another name.
  if (isLegacyLabelName(name) && unescapeLabelName(name) === name) return name
  const escaped = Array.from(name, (char, i) => {
    if (char === '_') return '__'
    const isPlain = i === 0 ? /[A-Za-z]/.test(char) : /[A-Za-z0-9]/.test(char)
    return isPlain ? char : `_${(char.codePointAt(0) ?? 0).toString(16)}_`
  })
  return `U__${escaped.join('')}`
}
