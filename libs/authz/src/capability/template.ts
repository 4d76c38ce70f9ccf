import { type Expr, parse } from '@gatehouse/promql'
import { formats, isKnownFormat } from './formats.ts'
import { type Hole, hasHoleText, holeText } from './holes.ts'
import { durationBuiltins, numberBuiltins, type Occurrence, occurrences, type Variable } from './variable.ts'

/** A query of a dashboard as a tree with holes where variables stand. */
export interface Template {
  readonly expr: Expr
  /** Holes inside strings, by the index in their hole text. */
  readonly holes: readonly Hole[]
  /** Durations (ms) and numbers of the tree that stand for any duration or number. */
  readonly anyDuration: ReadonlySet<number>
  readonly anyNumber: ReadonlySet<number>
}

/** What a text compiles to: one template for each combination of listed values, or why it cannot be one. */
export type Compiled = { readonly templates: readonly Template[] } | { readonly reason: string }

const maxCombinations = 256
// Far from anything written by hand; each is told apart by its last digits.
const firstMark = 777_000_000_001
const unitsMs: readonly number[] = [1, 1_000, 60_000, 3_600_000]

/**
 * Compiles a query text. Variables inside strings become holes. Outside strings, built-in intervals and open variables
 * become "any duration" or "any number"; variables whose values the dashboard lists are expanded, one template each.
 * `parseText` is `parse` for expressions; selectors of `label_values()` are compiled with it too.
 */
export function compileTemplate(
  text: string,
  variables: readonly Variable[],
  parseText: (text: string) => Expr = parse,
): Compiled {
  if (hasHoleText(text)) return { reason: 'the text holds private-use characters' }
  const personal =
    /\$\{?(__(?:user|org|dashboard|name|url|data|field|series|value|timezone|searchFilter))\b/.exec(text)
  if (personal !== null) return { reason: `$${personal[1]} is known to Grafana only` }
  const byName = new Map(variables.map((variable) => [variable.name, variable]))
  const isKnown = (name: string): boolean =>
    byName.has(name) || durationBuiltins.includes(name) || numberBuiltins.includes(name)
  const places = occurrences(text, isKnown).map((place) => ({
    ...place,
    quoted: isQuoted(text, place.start),
  }))
  const unreadable = places.find(
    ({ name, format, quoted }) => byName.has(name) && !isReadable(format, quoted),
  )
  if (unreadable !== undefined) {
    const where = unreadable.quoted ? 'is not one of a PromQL string' : 'stands outside a string'
    return { reason: `the format ${unreadable.format} of $${unreadable.name} ${where}` }
  }
  const listed = [...new Set(places.filter((p) => !p.quoted).map((p) => p.name))].filter(
    (name) => byName.get(name)?.options !== undefined,
  )
  const combinations = combine(listed.map((name) => [name, byName.get(name)?.options ?? []]))
  if (combinations === undefined)
    return { reason: `more than ${maxCombinations} combinations of listed values` }
  const templates: Template[] = []
  for (const chosen of combinations) {
    const compiled = compileOne({ text, places, byName, chosen, parseText })
    if ('reason' in compiled) return compiled
    templates.push(compiled)
  }
  return { templates }
}

function isReadable(format: string | undefined, isQuoted: boolean): boolean {
  return (
    isKnownFormat(format) &&
    (isQuoted || format === undefined || format === 'regex' || formats[format]?.isPlain === true)
  )
}

interface Place extends Occurrence {
  readonly quoted: boolean
}

interface Input {
  readonly text: string
  readonly places: readonly Place[]
  readonly byName: ReadonlyMap<string, Variable>
  readonly chosen: ReadonlyMap<string, string>
  readonly parseText: (text: string) => Expr
}

function compileOne({
  text,
  places,
  byName,
  chosen,
  parseText,
}: Input): Template | { readonly reason: string } {
  const holes: Hole[] = []
  const anyDuration = new Set<number>()
  const anyNumber = new Set<number>()
  let marks = 0
  let source = ''
  let from = 0
  for (const { start, end, name, format, quoted } of places) {
    source += text.slice(from, start)
    from = end
    const variable = byName.get(name)
    if (quoted && variable !== undefined) {
      source += holeText(holes.length)
      holes.push({ variable, format })
    } else if (quoted) {
      return { reason: `$${name} inside a string` }
    } else if (chosen.has(name)) {
      source += chosen.get(name) ?? ''
    } else {
      const mark = firstMark + marks++
      for (const unit of unitsMs) anyDuration.add(mark * unit)
      anyNumber.add(mark)
      source += isDuration(name, text.slice(0, start), text.slice(end)) ? `${mark}ms` : String(mark)
    }
  }
  source += text.slice(from)
  try {
    return { expr: parseText(source), holes, anyDuration, anyNumber }
  } catch (error) {
    const open = places.find((place) => !place.quoted && byName.has(place.name) && !chosen.has(place.name))
    const where = open === undefined ? '' : ` ($${open.name} outside a string has no list of values)`
    return { reason: `${error instanceof Error ? error.message : 'not PromQL'}${where}` }
  }
}

// A variable right before a unit ($n in [${n}m]) is a number; else brackets and offsets take durations.
function isDuration(name: string, before: string, after: string): boolean {
  if (/^(ms|[smhdwy])\b/.test(after)) return false
  if (durationBuiltins.includes(name)) return true
  if (numberBuiltins.includes(name)) return false
  return /(\[|\[[^\]]*:|\boffset\s+-?)\s*$/.test(before)
}

/** Whether position `at` stands inside a PromQL string of `text`. */
function isQuoted(text: string, at: number): boolean {
  let quote = ''
  for (let i = 0; i < at; i++) {
    const char = text.charAt(i)
    if (quote === '') {
      if (char === '"' || char === "'" || char === '`') quote = char
      else if (char === '#') while (i < at && !/[\r\n]/.test(text.charAt(i))) i++
    } else if (char === '\\' && quote !== '`') {
      i++
    } else if (char === quote) {
      quote = ''
    }
  }
  return quote !== ''
}

function combine(
  lists: readonly (readonly [string, readonly string[]])[],
): ReadonlyMap<string, string>[] | undefined {
  let rows: ReadonlyMap<string, string>[] = [new Map()]
  for (const [name, values] of lists) {
    if (rows.length * values.length > maxCombinations) return undefined
    rows = rows.flatMap((row) => values.map((value) => new Map([...row, [name, value]])))
  }
  return rows
}
