import type { Matcher, MatchOp } from './ast.ts'
import type { DraftSelector } from './draft.ts'
import { metricNameLabel } from './matchers.ts'
import { regexError } from './regex.ts'
import { unquote } from './strings.ts'
import type { TokenStream } from './token-stream.ts'

const matchOps = new Map<string, MatchOp>([
  ['=', '='],
  ['!=', '!='],
  ['=~', '=~'],
  ['!~', '!~'],
])

/** One element between the braces: a matcher, or a quoted metric name standing alone. */
function parseElement(tokens: TokenStream): Matcher | { quotedName: string } {
  const label = tokens.peek()
  if (label.kind !== 'identifier' && label.kind !== 'string') {
    throw tokens.unexpected('label matching', 'identifier or "}"')
  }
  tokens.take()
  const name = label.kind === 'string' ? unquote(label.text) : label.text
  const opToken = tokens.peek()
  const op = opToken.kind === 'symbol' ? matchOps.get(opToken.text) : undefined
  if (op === undefined) {
    if (label.kind === 'string') return { quotedName: name }
    throw tokens.unexpected('label matching', 'label matching operator')
  }
  tokens.take()
  if (tokens.peek().kind !== 'string') throw tokens.unexpected('label matching', 'string')
  const value = unquote(tokens.take().text)
  const invalid = op === '=~' || op === '!~' ? regexError(value) : undefined
  if (invalid !== undefined) throw tokens.error(label.start, `error parsing regexp: ${invalid}`)
  return Object.freeze({ name, op, value })
}

/**
 * Parses `{…}`. A quoted metric name becomes the selector's name where that says the same; next to another `__name__`
 * matcher, which a named selector may not have, it becomes a matcher.
 */
function parseBraces(tokens: TokenStream, selector: DraftSelector): void {
  tokens.take()
  const matchers: Matcher[] = []
  let quotedNames = 0
  while (!tokens.accept('}')) {
    const element = parseElement(tokens)
    if ('quotedName' in element) quotedNames++
    matchers.push(
      'quotedName' in element
        ? Object.freeze({ name: metricNameLabel, op: '=', value: element.quotedName })
        : element,
    )
    if (tokens.accept(',') || tokens.is('}')) continue
    throw tokens.unexpected('label matching', '"," or "}"')
  }
  const names = matchers.filter(({ name }) => name === metricNameLabel)
  const only = names[0]
  if (selector.name === undefined && quotedNames === 1 && names.length === 1 && only?.value !== '') {
    selector.name = only?.value
    selector.matchers = matchers.filter((matcher) => matcher !== only)
  } else selector.matchers = matchers
}

/** Parses a vector selector whose metric name, if it has a bare one, or opening brace is the current token. */
export function parseVectorSelector(tokens: TokenStream): DraftSelector {
  const { start, end } = tokens.peek()
  const named = !tokens.is('{')
  if (named) tokens.take()
  const selector: DraftSelector = {
    kind: 'VectorSelector',
    name: named ? tokens.text.slice(start, end) : undefined,
    matchers: [],
    offsetMs: 0,
    at: undefined,
    position: { start, end },
  }
  if (tokens.is('{')) parseBraces(tokens, selector)
  selector.position = { start, end: tokens.lastEnd() }
  return selector
}
