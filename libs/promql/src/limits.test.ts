import { describe, expect, it } from 'vitest'
import { defaultMaxBytes, parse } from './parse.ts'
import { print } from './print.ts'
import { mapSelectors, selectors } from './walk.ts'

/** A text of at most 64 KiB made of as many repetitions as fit. */
function fill(part: string, before = '', after = ''): string {
  return (
    before + part.repeat(Math.floor((defaultMaxBytes - before.length - after.length) / part.length)) + after
  )
}

const regex = (part: string): string => fill(part, '{a=~"', '"}')

/** Inputs of 64 KiB that have made some parser slow or overflow. */
const hostile: Readonly<Record<string, string>> = {
  parentheses: fill('('),
  'closed parentheses': `${'('.repeat(30_000)}up${')'.repeat(30_000)}`,
  brackets: fill('}])('),
  braces: fill('{'),
  squares: fill('['),
  signs: fill('-', '', 'up'),
  powers: fill('2^', '', '2'),
  chain: fill('a or ', '', 'a'),
  words: fill('or '),
  calls: fill('abs('),
  aggregations: fill('sum by (a) ('),
  subqueries: fill('[1m:]', 'up'),
  offsets: fill(' offset 0s', 'up'),
  arguments: fill('x,', 'abs(', 'x)'),
  matchers: fill('a="b",', 'up{', '}'),
  labels: fill('a,', 'sum by (', ') (up)'),
  string: fill('x', '"', '"'),
  escapes: fill('\\n', '"', '"'),
  bytes: fill('\\xc3', '"', '"'),
  unterminated: fill('"\\"'),
  comments: fill('#\r', '', 'up'),
  lines: fill('\n', '', ';'),
  number: fill('1'),
  zeros: fill('0'),
  octal: fill('07'),
  hexadecimal: fill('f', '0x'),
  underscores: fill('1_'),
  dots: fill('.'),
  durations: fill('1h'),
  'regex classes': regex('\\\\pL'),
  'regex repetition': regex('a{1000}'),
  'regex stars': regex('(.*)*'),
  'regex groups': regex('('),
  'regex class opens': regex('[[:'),
  'regex names': regex('\\\\p{'),
  'regex braces': regex('{1'),
  'regex flags': regex('(?i'),
  'regex alternatives': regex('.|'),
  'regex quotes': regex('\\\\Q'),
}

describe('64 KiB of anything', () => {
  // 50 ms is the goal and 44 ms the worst seen cold on two idle cores. Processor time, because a loaded machine must not
  // fail this; the bound leaves no room for anything quadratic, which takes seconds.
  it.each(Object.entries(hostile))('%s: answered at once', (_name, query) => {
    expect(query.length).toBeLessThanOrEqual(defaultMaxBytes)
    const started = process.threadCpuUsage()
    try {
      print(parse(query))
    } catch (error) {
      expect(error).toMatchObject({ code: 'bad_data' })
    }
    const { user, system } = process.threadCpuUsage(started)
    expect((user + system) / 1000).toBeLessThan(400)
  })
})

describe('depth', () => {
  const deep: Readonly<Record<string, (depth: number) => string>> = {
    parentheses: (depth) => `${'('.repeat(depth)}up${')'.repeat(depth)}`,
    signs: (depth) => `${'-'.repeat(depth)}up`,
    calls: (depth) => `${'abs('.repeat(depth)}up${')'.repeat(depth)}`,
    aggregations: (depth) => `${'sum('.repeat(depth)}up${')'.repeat(depth)}`,
    powers: (depth) => `${'a ^ '.repeat(depth)}up`,
  }

  it.each(Object.entries(deep))('%s: 490 levels work everywhere, 600 are refused', (_name, nest) => {
    const expr = parse(nest(490))
    expect(print(expr)).toBe(nest(490))
    const rewritten = mapSelectors(expr, (selector) => ({ ...selector, matchers: [...selector.matchers] }))
    expect(selectors(rewritten)).toHaveLength(nest(1).includes('a') && nest(1).includes('^') ? 491 : 1)
    expect(() => parse(nest(600))).toThrow(/nested more than 500 levels deep/)
  })

  it('a chain of 990 operators works everywhere, a longer one than 1000 is refused', () => {
    const chain = (length: number): string => Array(length).fill('a{b="c"}').join(' or ')
    const expr = parse(chain(990))
    expect(print(mapSelectors(expr, (selector) => ({ ...selector, name: 'd' })))).toBe(
      chain(990).replaceAll('a{', 'd{'),
    )
    expect(selectors(expr)).toHaveLength(990)
    expect(() => parse(chain(1100))).toThrow(/more than 1000 operators in a row/)
    expect(() => parse(`a${'[1m:]'.repeat(1100)}`)).toThrow(/more than 1000 operations deep/)
  })
})
