/**
 * A float as Prometheus's API prints it: Go's shortest form, decimal between 1e-6 and 1e21, with two exponent digits beyond.
 * @example formatValue(1e-7) // '1e-07'
 */
export function formatValue(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (value === Infinity) return '+Inf'
  if (value === -Infinity) return '-Inf'
  if (Object.is(value, -0)) return '-0'
  const text = String(value)
  // JavaScript switches to exponents at the same two bounds, but pads nothing.
  return text.includes('e') ? text.replace(/e([+-])(\d)$/, 'e$10$2') : text
}

/** A float in Go's shortest decimal form without an exponent, as in the label values of `count_values`. */
export function formatDecimal(value: number): string {
  const text = formatValue(value)
  const match = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text)
  if (match === null) return text
  const [, sign = '', first = '', rest = '', exponent = ''] = match
  const digits = first + rest
  const point = 1 + Number(exponent)
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`
  return sign + digits.padEnd(point, '0')
}

/** A float of the API's JSON. */
export function parseValue(text: string): number {
  if (text === '+Inf' || text === 'Inf') return Infinity
  if (text === '-Inf') return -Infinity
  return text === 'NaN' ? NaN : Number(text)
}

/** Milliseconds as the API prints a sample's time: seconds with three decimals, or none. */
export function formatTimestamp(ms: number): string {
  const fraction = Math.abs(ms) % 1000
  if (fraction === 0) return String(ms / 1000)
  const sign = ms < 0 ? '-' : ''
  const seconds = Math.trunc(Math.abs(ms) / 1000)
  return `${sign}${seconds}.${String(fraction).padStart(3, '0')}`
}
