import {
  aggregations,
  compareVersions,
  type FunctionSpec,
  functions,
  type ValueType,
} from '@gatehouse/promql'
import type { Random } from './random.ts'

/** Pieces of source text; `glue` joins them with varied blanks and comments. */
export type Pieces = readonly string[]

const metricNames = [
  'up',
  'http_requests_total',
  'node:cpu:rate5m',
  ':x',
  '_a',
  'sum',
  'count',
  'by',
  'without',
  'offset',
  'and',
  'or',
  'unless',
  'start',
  'end',
  'step',
  'range',
  'limitk',
  'fill',
  'fill_left',
  'anchored',
  'smoothed',
  'max_of',
  'SUM',
  'By',
  'inf_total',
  'infinity',
  'on_x',
  'bool_',
  'rate',
  'job',
  'm',
  's5',
  'E',
  'topk',
  'group',
  'quantile',
]
const badMetricNames = [
  'on',
  'ignoring',
  'group_left',
  'group_right',
  'bool',
  'atan2',
  'inf',
  'NaN',
  'ON',
  'Inf',
]
const labels = [
  'job',
  'instance',
  'le',
  'a',
  'env',
  'by',
  'on',
  'sum',
  'bool',
  'offset',
  'group_left',
  'and',
  'atan2',
  'start',
  'limitk',
  'step',
  '__name__',
  '_',
  'A1',
]
const labelsWanted = [...labels, ...labels, 'without', 'inf', 'a:b', 'nan']
const values = [
  '',
  'prod',
  'a.b',
  'x y',
  'é',
  '日本',
  '😀',
  '{}',
  '}',
  '#',
  '\\',
  '"',
  "'",
  '`',
  '\n',
  '\t',
  '\x00',
  '\x7f',
  '\ufffd',
  '\u2028',
  '\u00a0',
  'a|b',
  ',',
  '=~',
  '\ufeff',
]
const regexes = [
  '.*',
  '.+',
  'a|b',
  'a|',
  '',
  '(a|b)?',
  'a*',
  '[a-z]+',
  '[^/]+',
  '\\\\d+',
  'prod-.*',
  '(?i)abc',
  '^a$',
  '^$',
  '\\\\bx',
  '\\\\B',
  'x{2,3}',
  'x{0,}',
  'a{,2}',
  '[[:alpha:]]',
  '\\\\pL',
  '\\\\p{Greek}+',
  '\\\\Qa.b\\\\E',
  '(?:a)',
  '(?P<n>a)',
  '(?<n>b)',
  '[]a]',
  '[^]a]',
  '\\\\x41',
  '\\\\x{1F600}',
  '(?s).',
  '(?m)^$',
  'a??',
  '(?U)a*',
  '\\\\z',
  '\\\\A',
  'a-b',
  '[a-]',
  '[-a]',
  '\\\\_',
  '\\\\-',
  '(|a)',
  '()',
  '(?i:)',
  '.',
  '$',
  '1{1000}',
  '\\\\.',
  '[\\\\d\\\\-x]',
  'é',
  '(?i)',
]
const badRegexes = [
  '(',
  ')',
  '[',
  'a**',
  '*',
  '+a',
  '?',
  '(?=a)',
  '(?!a)',
  'a{2,1}',
  'a{1001}',
  '\\\\',
  '\\\\8',
  '\\\\Z',
  '\\\\C',
  '[b-a]',
  '[[:foo:]]',
  '\\\\p{Foo}',
  '\\\\pX',
  '(?P<n>a)(?P<n>b)',
  '(?P<1-n>a)',
  '(?z)',
  '(?i-)',
  '(a{100}){100}',
  'a)|(b',
  '[a-\\\\d]',
  '\\\\x{110000}',
  '\\\\1',
  '(?',
  '(|*)',
  '^*{2}',
  'x{2}{3}',
  '\\\\pN{',
  '\\\\é',
  '\xff(',
  '(?P=n)',
]
const numbers = [
  '0',
  '1',
  '2',
  '0.5',
  '.5',
  '5.',
  '1e3',
  '1E-3',
  '1e+2',
  '0x1f',
  '0XA0',
  '017',
  '08',
  '1_000',
  '1_0.5',
  '0x_1f',
  '1e1_0',
  '123456789012345678901234567890',
  '9223372036854775807',
  '9223372036854775808',
  '0.1',
  '1e308',
  '5e-324',
  'Inf',
  'NaN',
  'inf',
  'nAn',
  '1h',
  '5m',
  '1d12h',
  '30s',
  '250ms',
  '0_7',
  '00',
  '3.14159',
  '1e-400',
  '0x7fffffffffffffff',
]
const badNumbers = [
  '1e',
  '1e400',
  '0x',
  '1__0',
  '1_',
  '_1',
  '1._5',
  '0b1',
  '0o7',
  '1.2.3',
  '0xg',
  '1e5.5',
  '5x',
  '0x8000000000000000',
  '0x1e',
  '1h5',
  '0x1p3',
]
const durations = [
  '5m',
  '1h',
  '30s',
  '1h30m',
  '1d',
  '1w',
  '2w3d',
  '1y',
  '250ms',
  '90s',
  '1m1ms',
  '36h',
  '7d',
  '59m60s',
]
const numericDurations = ['300', '0.5', '1.5', '1e2', '60.001', '0x10', '010', '.25', '1_0']
const badDurations = [
  '0s',
  '5',
  '5mm',
  '1m1h',
  '1.5h',
  '300y',
  '1ms1s',
  '5M',
  '-5m',
  '+5m',
  '0.0001',
  '1h1h',
  '5m5',
  '',
]
const binaryOps = [
  '+',
  '-',
  '*',
  '/',
  '%',
  '^',
  'atan2',
  '==',
  '!=',
  '<',
  '>',
  '<=',
  '>=',
  'and',
  'or',
  'unless',
  'AND',
  'Or',
]
const allFunctions: readonly (readonly [string, FunctionSpec])[] = Object.entries(functions)
// Mostly those the reference servers have.
const knownFunctions = allFunctions.filter(([, { since = '2.0' }]) => compareVersions(since, '3.5') <= 0)
const aggregationNames = [...Object.keys(aggregations), 'SUM', 'Topk']

/** Makes pieces of source text at random. */
export interface Generator {
  /** An expression of any type. */
  expression(): Pieces
  /** A vector selector without offset and `@`. */
  selector(): Pieces
  /** One token, or what looks like one. */
  token(): string
}

/** Generates expressions of every type from the whole language, a few of them wrong on purpose. */
export function createGenerator(random: Random): Generator {
  const { chance, pick, below } = random

  function literal(value: string): string {
    const quote = pick(['"', '"', "'", '`'])
    if (quote === '`') return `\`${value.replaceAll('`', '').replaceAll('\ufffd', '')}\``
    let text = ''
    for (const character of value) {
      const code = character.codePointAt(0) ?? 0
      if (character === quote || character === '\\') text += `\\${character}`
      else if (character === '\n') text += '\\n'
      else if (code === 0xfffd) text += '\\ufffd'
      else if (!chance(0.1)) text += character
      else if (code > 0xffff) text += `\\U${code.toString(16).padStart(8, '0')}`
      else text += `\\u${code.toString(16).padStart(4, '0')}`
    }
    if (chance(0.05))
      text += pick(['\\xff', '\\xc3\\xa9', '\\303\\251', '\\a\\b\\f\\v', '\\000', '\\x41', '\\377'])
    if (chance(0.01))
      text += pick(['\\d', '\\400', '\\ud800', '\\x4', '\\U00110000', '\n', '\\', '\ufffd', "\\'", '\\"'])
    return quote + text + quote
  }

  /** A regex as a literal; the lists are already escaped for double quotes. */
  function regex(): string {
    const source = chance(0.04)
      ? pick(badRegexes)
      : chance(0.3)
        ? pick(regexes) + pick(regexes)
        : pick(regexes)
    return chance(0.2) ? `\`${source.replaceAll('\\\\', '\\')}\`` : `"${source}"`
  }

  function number(): string {
    return pick(chance(0.02) ? badNumbers : numbers)
  }

  function duration(): string {
    if (chance(0.03)) return pick(badDurations)
    return pick(chance(0.06) ? numericDurations : durations)
  }

  function matcher(): Pieces {
    const name = chance(0.1) ? literal(pick([...labels, 'a.b', 'é', 'a b', ''])) : pick(labels)
    if (chance(0.02)) return [literal(pick(['up', 'my.metric', 'on', '']))]
    return chance(0.35)
      ? [name, pick(['=~', '!~']), regex()]
      : [name, pick(['=', '=', '!=']), literal(pick(values))]
  }

  function braces(name: string | undefined): Pieces {
    const out: string[] = ['{']
    const parts: Pieces[] = Array.from({ length: below(4) }, () => matcher())
    if (name !== undefined) parts.splice(below(parts.length + 1), 0, [literal(name)])
    for (const [i, part] of parts.entries()) out.push(...(i === 0 ? [] : [',']), ...part)
    if (parts.length > 0 && chance(0.1)) out.push(',')
    return [...out, '}']
  }

  function selector(): Pieces {
    if (chance(0.06)) return braces(pick([...metricNames, ...badMetricNames, 'my.metric', 'é', 'a b']))
    if (chance(0.1)) return ['{', ...matcher(), ',', 'job', '=~', '".+"', '}']
    if (chance(0.02)) return braces(undefined)
    const name = pick(
      chance(0.01) ? badMetricNames : chance(0.5) ? ['up', 'http_requests_total'] : metricNames,
    )
    return chance(0.5) ? [name] : [name, ...braces(undefined)]
  }

  function shift(): Pieces {
    const out: string[][] = []
    if (chance(0.2)) out.push(['offset', ...(chance(0.2) ? [pick(['-', '+'])] : []), duration()])
    if (chance(0.15)) {
      const at = chance(0.5)
        ? [
            ...(chance(0.2) ? [pick(['-', '+'])] : []),
            pick(['0', '1609746000', '1.5', '1e9', '1609746000.1234', number()]),
          ]
        : [pick(['start', 'end', 'START']), '(', ')']
      out.push(['@', ...at])
    }
    if (chance(0.02)) out.push(['offset', duration()])
    return (chance(0.5) ? out : out.toReversed()).flat()
  }

  function grouping(): Pieces {
    const names = Array.from({ length: below(3) }, () =>
      chance(0.1) ? literal(pick(['a.b', 'without', 'é', 'job'])) : pick(labelsWanted),
    )
    const list = names.flatMap((name, i) => (i === 0 ? [name] : [',', name]))
    return ['(', ...list, ...(list.length > 0 && chance(0.1) ? [','] : []), ')']
  }

  function matching(): Pieces {
    const out: string[] = chance(0.12) ? ['bool'] : []
    if (chance(0.3)) {
      out.push(pick(['on', 'ignoring', 'ON']), ...grouping())
      if (chance(0.3)) out.push(pick(['group_left', 'group_right']), ...(chance(0.6) ? grouping() : []))
    }
    return out
  }

  function binary(depth: number, type: ValueType): Pieces {
    const other: ValueType = chance(0.6) ? type : pick(['scalar', 'vector'])
    const sides = [of(type, depth - 1), of(other, depth - 1)]
    const [lhs = [], rhs = []] = chance(0.5) ? sides : sides.toReversed()
    const op = pick(binaryOps)
    const bool = type === 'scalar' && other === 'scalar' && /[=<>]/.test(op) ? ['bool'] : []
    const modifiers = type === 'vector' && other === 'vector' ? matching() : chance(0.03) ? matching() : bool
    return [...lhs, op, ...modifiers, ...rhs]
  }

  function call(depth: number, returns: ValueType): Pieces {
    const [name, spec] = pick(
      (chance(0.03) ? allFunctions : knownFunctions).filter(([, candidate]) => candidate.returns === returns),
    )
    const most = Math.min(spec.max, spec.args.length + 1)
    const count = chance(0.02) ? below(4) : spec.min + below(most - spec.min + 1)
    const args = Array.from({ length: count }, (_, i) =>
      of(spec.args[Math.min(i, spec.args.length - 1)] ?? 'vector', depth - 1),
    )
    return [name, '(', ...args.flatMap((arg, i) => (i === 0 ? arg : [',', ...arg])), ')']
  }

  function aggregate(depth: number): Pieces {
    const op = pick(aggregationNames)
    const name = op.toLowerCase()
    const isParameter = !/^(avg|count|group|max|min|stddev|stdvar|sum)$/.test(name)
    const parameter = of(name === 'count_values' ? 'string' : 'scalar', Math.min(depth - 1, 1))
    const body = ['(', ...(isParameter ? [...parameter, ','] : []), ...of('vector', depth - 1), ')']
    if (chance(0.4)) return [op, ...body]
    const modifier = [pick(['by', 'without', 'BY']), ...grouping()]
    return chance(0.7) ? [op, ...modifier, ...body] : [op, ...body, ...modifier]
  }

  function vector(depth: number): Pieces {
    if (depth <= 0) return [...selector(), ...shift()]
    const choice = below(10)
    if (choice < 2) return [...selector(), ...shift()]
    if (choice < 4) return binary(depth, 'vector')
    if (choice < 6) return call(depth, 'vector')
    if (choice < 8) return aggregate(depth)
    if (choice < 9) return ['(', ...vector(depth - 1), ')']
    return [pick(['-', '+']), ...vector(depth - 1)]
  }

  function matrix(depth: number): Pieces {
    if (depth <= 0 || chance(0.7)) return [...selector(), '[', duration(), ']', ...shift()]
    const inner = chance(0.7) ? ['(', ...vector(depth - 1), ')'] : vector(depth - 1)
    return [...inner, '[', duration(), ':', ...(chance(0.5) ? [duration()] : []), ']', ...shift()]
  }

  function scalar(depth: number): Pieces {
    if (depth <= 0 || chance(0.4)) return [...(chance(0.1) ? [pick(['-', '+'])] : []), number()]
    const choice = below(5)
    if (choice < 2) return binary(depth, 'scalar')
    if (choice < 3) return call(depth, 'scalar')
    if (choice < 4) return ['(', ...scalar(depth - 1), ')']
    return [pick(['-', '+']), ...scalar(depth - 1)]
  }

  function of(type: ValueType, depth: number): Pieces {
    const wanted = chance(0.01) ? pick<ValueType>(['vector', 'matrix', 'scalar', 'string']) : type
    if (wanted === 'vector') return vector(depth)
    if (wanted === 'matrix') return matrix(depth)
    return wanted === 'scalar' ? scalar(depth) : [literal(pick(values))]
  }

  const tokens = [
    ...metricNames,
    ...badMetricNames,
    ...binaryOps,
    ...numbers,
    ...badNumbers,
    ...durations,
    ...'()[]{},:@=;!~#$&|<>'.split(''),
    'by',
    'on',
    'bool',
    'group_left',
    'offset',
    '=~',
    '!~',
    '"x"',
    '# c\n',
    '# c\r',
    'fill(0)',
    'step()',
    '</',
    'keep_metric_names',
    '\u00a0',
    '\0',
  ]
  return {
    expression: () => of(pick(['vector', 'vector', 'vector', 'scalar', 'matrix', 'string']), 1 + below(4)),
    selector,
    token: () => pick(tokens),
  }
}

const wordEnd = /[\w:.]$/
const wordStart = /^[\w:.]/

/** Source text of pieces, with blanks and comments where the language allows them. */
export function glue(pieces: Pieces, { chance, pick }: Random): string {
  let text = ''
  const dense = chance(0.3)
  for (const piece of pieces) {
    const needed = wordEnd.test(text) && wordStart.test(piece) && !(text.endsWith('[') || piece === ':')
    if (chance(0.004)) text += pick(['# note\n', '#"(\n', '#\r', ' # x\r\n'])
    else if (needed || (!dense && chance(0.6))) text += pick([' ', ' ', ' ', '  ', '\n', '\t', '\r\n'])
    text += piece
  }
  return text
}

/** Pieces with one to three of them dropped, doubled, swapped or replaced. */
export function mutatePieces(pieces: Pieces, random: Random, token: () => string): Pieces {
  const out = [...pieces]
  for (let i = 1 + random.below(3); i > 0; i--) {
    const at = random.below(out.length + 1)
    const kind = random.below(5)
    if (kind === 0) out.splice(at, 1)
    else if (kind === 1) out.splice(at, 0, token())
    else if (kind === 2) out.splice(at, 1, token())
    else if (kind === 3) out.splice(at, 0, ...out.slice(at, at + 1))
    else out.splice(at, 2, ...out.slice(at, at + 2).toReversed())
  }
  return out
}

const stray = '()[]{}",\'`=!~<>+-*/%^@:#\\. \n\r\t0159aemsxE_$&|;'.split('')

/** A text with one or two characters dropped, doubled, replaced or added. */
export function mutateText(text: string, random: Random): string {
  const out = Array.from(text)
  for (let i = 1 + random.below(2); i > 0; i--) {
    const at = random.below(out.length + 1)
    const kind = random.below(4)
    out.splice(at, kind === 0 || kind === 1 ? 1 : 0, ...(kind === 0 ? [] : [random.pick(stray)]))
  }
  return out.join('')
}
