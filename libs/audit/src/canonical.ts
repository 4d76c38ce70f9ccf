/** SHA-256 over the UTF-8 bytes of a text, as 64 lower-case hex digits. Injected: this library does no I/O. */
export type Sha256 = (text: string) => string

/**
 * Canonical JSON after RFC 8785: keys sorted by UTF-16 code units, no white space, numbers and strings as ECMAScript
 * prints them. Undefined members are left out. Equal values give equal text, whatever wrote or stored them.
 * @throws TypeError for what JSON cannot say: NaN, infinities, bigint, functions, symbols, lone surrogates.
 */
export function canonicalJson(value: unknown): string {
  if (value === null) return 'null'
  switch (typeof value) {
    case 'string':
      if (!value.isWellFormed()) throw new TypeError('canonical JSON: lone surrogate')
      return JSON.stringify(value)
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError(`canonical JSON: ${value}`)
      return JSON.stringify(value)
    case 'boolean':
      return value ? 'true' : 'false'
    case 'object':
      return Array.isArray(value) ? canonicalArray(value) : canonicalObject(value)
    default:
      throw new TypeError(`canonical JSON: ${typeof value}`)
  }
}

function canonicalArray(values: readonly unknown[]): string {
  let text = '['
  for (let i = 0; i < values.length; i++) text += (i === 0 ? '' : ',') + canonicalJson(values[i])
  return `${text}]`
}

function canonicalObject(value: object): string {
  const members = new Map<string, unknown>(Object.entries(value))
  let text = ''
  for (const key of [...members.keys()].sort()) {
    const member = members.get(key)
    if (member === undefined) continue
    text += `${text === '' ? '' : ','}${canonicalJson(key)}:${canonicalJson(member)}`
  }
  return `{${text}}`
}
