import { escapeRegex, type Matcher } from '@gatehouse/promql'

/** The matcher that admits exactly these values: `=` for one, else an anchored alternation of literals. */
export function literalMatcher(name: string, values: Iterable<string>): Matcher {
  const list = [...new Set(values)]
  const [only] = list
  if (list.length === 1 && only !== undefined) return { name, op: '=', value: only }
  return { name, op: '=~', value: list.map(escapeRegex).join('|') }
}

/** The values a matcher admits when they can be read off it: `=`, or a regex that is an alternation of literals. */
export function literalValues({ op, value }: Matcher): ReadonlySet<string> | undefined {
  if (op === '=') return new Set([value])
  return op === '=~' ? alternatives(value) : undefined
}

// The regexes of grants can list thousands of tenants, and every query brings them again.
const maxKnown = 500
const known = new Map<string, ReadonlySet<string> | undefined>()

function alternatives(regex: string): ReadonlySet<string> | undefined {
  if (known.has(regex)) return known.get(regex)
  const values = readAlternatives(regex)
  if (known.size >= maxKnown) known.clear()
  known.set(regex, values)
  return values
}

// Escaped punctuation stands for itself; an escaped letter or digit is a class or an assertion.
const literal = /^(?:[^\\.+*?()|[\]{}^$]|\\[^A-Za-z0-9])*$/u

function readAlternatives(regex: string): ReadonlySet<string> | undefined {
  const values = new Set<string>()
  for (const part of splitAlternatives(regex)) {
    if (!literal.test(part)) return undefined
    values.add(part.replace(/\\(.)/gsu, '$1'))
  }
  return values
}

/** Splits at `|` that are not escaped; inside of groups and classes too, but those are no literals anyway. */
function splitAlternatives(regex: string): string[] {
  return (
    regex
      .match(/(?:^|\|)(?:[^\\|]|\\.)*/gsu)
      ?.map((part, i) => (i === 0 && !part.startsWith('|') ? part : part.slice(1))) ?? []
  )
}
