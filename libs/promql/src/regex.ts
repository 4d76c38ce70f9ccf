import { isGatehouseError } from '@gatehouse/errors'
import { readEscape, regexFailure, skipClass, skipClassEscape } from './regex-class.ts'

/*
 * Checks patterns against the syntax of Go's regexp package, in one pass and linear time, and tells whether they match
 * the empty text. Compiling them would tell both too, but takes seconds for some patterns of a few kilobytes.
 */

// Limits of Go's parser.
const maxRepeat = 1000
const maxHeight = 1000
const maxSize = 3_355_443

/** What matters of a piece of a pattern. */
interface Piece {
  readonly matchesEmpty: boolean
  /** Smallest limit on nested repetition under which it is valid. */
  readonly repeats: number
  /** Instructions it compiles to, at most. */
  readonly size: number
  /** Height of its syntax tree, at most. */
  readonly height: number
}

const character: Piece = { matchesEmpty: false, repeats: 0, size: 1, height: 1 }
const emptyPiece: Piece = { matchesEmpty: true, repeats: 0, size: 1, height: 1 }

function join(a: Piece, b: Piece, matchesEmpty: boolean): Piece {
  return {
    matchesEmpty,
    repeats: Math.max(a.repeats, b.repeats),
    size: a.size + b.size,
    height: Math.max(a.height, b.height),
  }
}

function wrap(piece: Piece, change: Partial<Piece>): Piece {
  return { ...piece, size: piece.size + 2, height: piece.height + 1, ...change }
}

/** An open group: the alternatives finished in it, and the concatenation being read. */
interface Group {
  readonly captures: boolean
  alternatives: Piece | undefined
  sequence: Piece | undefined
  /** The last piece of the sequence, which a repetition would apply to; already split from `sequence`. */
  last: Piece | undefined
}

function newGroup(captures: boolean): Group {
  return { captures, alternatives: undefined, sequence: undefined, last: undefined }
}

function flush(group: Group): void {
  const { sequence, last } = group
  if (last === undefined) return
  group.sequence =
    sequence === undefined ? last : join(sequence, last, sequence.matchesEmpty && last.matchesEmpty)
  group.last = undefined
}

function endAlternative(group: Group): void {
  flush(group)
  const ended = group.sequence ?? emptyPiece
  const { alternatives } = group
  group.alternatives =
    alternatives === undefined
      ? ended
      : join(alternatives, ended, alternatives.matchesEmpty || ended.matchesEmpty)
  group.sequence = undefined
}

const bounds = /\{(0|[1-9]\d*)(?:(,)(0|[1-9]\d*)?)?\}/y
const flags = /\(\?(?:[imsU]*(?:-[imsU]+)?)([:)])/y
const namedGroup = /\(\?P?<\w+>/y

class RegexScanner {
  readonly #pattern: string
  readonly #lastClassClose: number
  readonly #open: Group[] = []
  #group = newGroup(false)
  #at = 0
  #afterRepeat = false

  constructor(pattern: string) {
    this.#pattern = pattern
    this.#lastClassClose = pattern.lastIndexOf(':]')
  }

  run(): boolean {
    while (this.#at < this.#pattern.length) this.#next()
    if (this.#open.length > 0) throw regexFailure('missing closing )')
    endAlternative(this.#group)
    const whole = this.#group.alternatives ?? emptyPiece
    if (whole.size > maxSize) throw regexFailure('expression too large')
    return whole.matchesEmpty
  }

  #next(): void {
    const start = this.#at
    switch (this.#pattern[start]) {
      case '(':
        return this.#openGroup()
      case ')':
        return this.#closeGroup()
      case '|':
        endAlternative(this.#group)
        return this.#skip(1)
      case '*':
      case '+':
      case '?':
        return this.#repeat(this.#pattern[start] === '+' ? 1 : 0, Infinity, start + 1)
      case '{':
        return this.#repeatBounds()
      case '[':
        return this.#push(character, skipClass(this.#pattern, start, this.#lastClassClose))
      case '^':
      case '$':
        return this.#push(emptyPiece, start + 1)
      case '\\':
        return this.#backslash()
      default:
        return this.#push(character, start + ((this.#pattern.codePointAt(start) ?? 0) > 0xffff ? 2 : 1))
    }
  }

  #skip(length: number): void {
    this.#at += length
    this.#afterRepeat = false
  }

  #push(piece: Piece, end: number): void {
    if (piece.height > maxHeight) throw regexFailure('expression nests too deeply')
    flush(this.#group)
    this.#group.last = piece
    this.#at = end
    this.#afterRepeat = false
  }

  #backslash(): void {
    const kind = this.#pattern[this.#at + 1]
    if (kind === 'Q') return this.#literalRun()
    if (kind === 'b' || kind === 'B' || kind === 'A' || kind === 'z') {
      return this.#push(kind === 'b' ? character : emptyPiece, this.#at + 2)
    }
    const end = skipClassEscape(this.#pattern, this.#at) ?? readEscape(this.#pattern, this.#at).end
    this.#push(character, end)
  }

  #literalRun(): void {
    const close = this.#pattern.indexOf('\\E', this.#at + 2)
    const text = this.#pattern.slice(this.#at + 2, close === -1 ? undefined : close)
    const end = close === -1 ? this.#pattern.length : close + 2
    if (text === '') return this.#skip(end - this.#at)
    if (text.length > 1) this.#push({ ...character, size: text.length - 1 }, end)
    this.#push(character, end)
  }

  #openGroup(): void {
    const extended = this.#pattern[this.#at + 1] === '?'
    namedGroup.lastIndex = flags.lastIndex = this.#at
    const named = extended ? namedGroup.exec(this.#pattern) : null
    const flagged = extended && named === null ? flags.exec(this.#pattern) : null
    if (extended && named === null && flagged === null) {
      throw regexFailure('invalid or unsupported Perl syntax')
    }
    this.#skip((named ?? flagged)?.[0].length ?? 1)
    if (flagged?.[1] === ')') return
    this.#open.push(this.#group)
    this.#group = newGroup(flagged === null)
  }

  #closeGroup(): void {
    const outer = this.#open.pop()
    if (outer === undefined) throw regexFailure('unexpected )')
    endAlternative(this.#group)
    const inner = this.#group.alternatives ?? emptyPiece
    const piece = this.#group.captures ? wrap(inner, {}) : inner
    this.#group = outer
    this.#push(piece, this.#at + 1)
  }

  #repeatBounds(): void {
    bounds.lastIndex = this.#at
    const match = bounds.exec(this.#pattern)
    if (match === null) return this.#push(character, this.#at + 1) // a brace that bounds nothing is itself
    const min = Number(match[1])
    const max = match[2] === undefined ? min : match[3] === undefined ? Infinity : Number(match[3])
    if (min > maxRepeat || (max !== Infinity && max > maxRepeat) || min > max) {
      throw regexFailure('invalid repeat count')
    }
    this.#repeat(min, max, bounds.lastIndex, true)
  }

  #repeat(min: number, max: number, end: number, counted = false): void {
    const { last } = this.#group
    if (this.#afterRepeat) throw regexFailure('invalid nested repetition operator')
    if (last === undefined) throw regexFailure('missing argument to repetition operator')
    const times = max === Infinity ? min : max
    let repeats = last.repeats
    if (counted && max === 0) repeats = 0
    else if (counted && times > 0) repeats = Math.max(times, times * repeats)
    if (counted && (min >= 2 || times >= 2) && repeats > maxRepeat) throw regexFailure('invalid repeat count')
    const size = (last.size + 1) * Math.max(1, times) + 2
    if (size > maxSize) throw regexFailure('expression too large')
    const piece = wrap(last, { matchesEmpty: min === 0 || last.matchesEmpty, repeats, size })
    this.#group.last = undefined
    this.#push(piece, this.#pattern[end] === '?' ? end + 1 : end)
    this.#afterRepeat = true
  }
}

interface Verdict {
  readonly error?: string
  readonly matchesEmpty: boolean
}

const noMetacharacters = /^[^\\.+*?()[\]{}^$]*$/

function examine(pattern: string): Verdict {
  if (noMetacharacters.test(pattern)) return { matchesEmpty: /^$|^\||\|\||\|$/.test(pattern) }
  if (!pattern.isWellFormed()) return { error: 'invalid UTF-8', matchesEmpty: false }
  try {
    return { matchesEmpty: new RegexScanner(pattern).run() }
  } catch (failure) {
    if (!isGatehouseError(failure)) throw failure
    return { error: failure.message, matchesEmpty: false }
  }
}

/** Why a pattern is not valid RE2 syntax as Prometheus understands it; undefined when it is. Linear time. */
export function regexError(pattern: string): string | undefined {
  return examine(pattern).error
}

/** Whether an anchored pattern matches the empty text; false for an invalid one. Linear time. */
export function regexMatchesEmpty(pattern: string): boolean {
  return examine(pattern).matchesEmpty
}
