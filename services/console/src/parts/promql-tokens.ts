/** What a piece of PromQL is, for its colour. */
export type TokenKind =
  | 'space'
  | 'comment'
  | 'string'
  | 'number'
  | 'keyword'
  | 'function'
  | 'label'
  | 'name'
  | 'operator'

export interface Token {
  readonly kind: TokenKind
  readonly text: string
}

const keywords = new Set(
  'by without on ignoring group_left group_right bool offset and or unless atan2 inf nan start end'.split(
    ' ',
  ),
)
const aggregations = new Set(
  'sum min max avg group stddev stdvar count count_values bottomk topk quantile limitk limit_ratio'.split(
    ' ',
  ),
)
const shape =
  /(?<space>\s+)|(?<comment>#[^\n]*)|(?<string>"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|`[^`]*`?)|(?<number>(?:0[xX][\dA-Fa-f]+|\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)(?:(?:ms|[smhdwy])(?:\d+(?:ms|[smhdwy]))*)?)|(?<word>[A-Za-z_:][\w:]*)|(?<operator>=~|!~|!=|==|<=|>=|[^\s\w])/gy

function kindOfWord(word: string, rest: string, isInBraces: boolean): TokenKind {
  const lower = word.toLowerCase()
  if (isInBraces) return 'label'
  if (keywords.has(lower)) return 'keyword'
  if (aggregations.has(lower) || /^\s*\(/.test(rest)) return 'function'
  return 'name'
}

/** PromQL in coloured pieces. Reading only: whether it is valid is not asked, and nothing is left out. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  let isInBraces = false
  shape.lastIndex = 0
  for (let at = 0; at < text.length; at = shape.lastIndex) {
    shape.lastIndex = at
    const groups = shape.exec(text)?.groups
    if (groups === undefined) {
      tokens.push({ kind: 'operator', text: text.slice(at) })
      break
    }
    const [kind = 'operator', value = ''] =
      Object.entries(groups).find(([, found]) => found !== undefined) ?? []
    if (value === '{') isInBraces = true
    if (value === '}') isInBraces = false
    const rest = text.slice(at + value.length)
    tokens.push({
      kind: kind === 'word' ? kindOfWord(value, rest, isInBraces) : (kind as TokenKind),
      text: value,
    })
  }
  return tokens
}

/** A piece of one of two queries: in both, only in the later (`added`), or only in the earlier. */
export interface Piece {
  readonly change: 'same' | 'added' | 'removed'
  readonly text: string
  readonly tokens: readonly Token[]
}

interface Unit {
  readonly text: string
  readonly tokens: readonly Token[]
}

/** Matchers stay whole in a comparison: `env="prod"` is added, not three tokens of it. */
function unitsOf(text: string): Unit[] {
  const tokens = tokenize(text).filter(({ kind }) => kind !== 'space' && kind !== 'comment')
  const units: Unit[] = []
  for (let i = 0; i < tokens.length; ) {
    const [name, op, value] = tokens.slice(i, i + 3)
    const isMatcher =
      name?.kind === 'label' && op !== undefined && /^(=|!=|=~|!~)$/.test(op.text) && value?.kind === 'string'
    const taken = tokens.slice(i, i + (isMatcher ? 3 : 1))
    units.push({ text: taken.map((token) => token.text).join(''), tokens: taken })
    i += taken.length
  }
  return units
}

/** Lengths of the longest common subsequences of all ends of `a` and `b`. */
function commonLengths(a: readonly Unit[], b: readonly Unit[]): number[][] {
  const table = Array.from({ length: a.length + 1 }, () => Array.from({ length: b.length + 1 }, () => 0))
  const at = (i: number, j: number): number => table[i]?.[j] ?? 0
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--) {
      const row = table[i]
      if (row !== undefined)
        row[j] = a[i]?.text === b[j]?.text ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
    }
  return table
}

/** Where `after` differs from `before`, in units that mean something; space does not count. */
export function comparePromql(before: string, after: string): Piece[] {
  const [a, b] = [unitsOf(before), unitsOf(after)]
  const table = commonLengths(a, b)
  const at = (i: number, j: number): number => table[i]?.[j] ?? 0
  const pieces: Piece[] = []
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    const [left, right] = [a[i], b[j]]
    if (left !== undefined && left.text === right?.text) {
      pieces.push({ change: 'same', ...right })
      i++
      j++
    } else if (right !== undefined && (left === undefined || at(i, j + 1) >= at(i + 1, j))) {
      pieces.push({ change: 'added', ...right })
      j++
    } else if (left !== undefined) {
      pieces.push({ change: 'removed', ...left })
      i++
    }
  }
  return pieces
}

const spaced = new Set([
  'and',
  'or',
  'unless',
  'by',
  'without',
  'on',
  'ignoring',
  'group_left',
  'group_right',
  'offset',
  'bool',
])

/** Whether a space stands between two units when they are written out. */
export function needsSpace(left: string, right: string): boolean {
  if (left === '' || right === '') return false
  if (spaced.has(left) || spaced.has(right)) return true
  // As in `sum by (job) (rate(…))`.
  if (left === ')' && right === '(') return true
  if (left === ',' || /^[-+*/%^<>]$|^(==|!=|>=|<=)$/.test(left) || /^[-+*/%^<>]$|^(==|!=|>=|<=)$/.test(right))
    return true
  return /\w$/.test(left) && /^\w/.test(right)
}
