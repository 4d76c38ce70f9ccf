import { describe, expect, it } from 'vitest'
import { parse } from './parse.ts'
import { print } from './print.ts'
import { children, mapChildren, mapSelectors, selectors, walk } from './walk.ts'

const names = (query: string): unknown => selectors(parse(query)).map(({ name }) => name)

describe('selectors', () => {
  it.each([
    ['a', ['a']],
    ['a or b unless c', ['a', 'b', 'c']],
    ['topk(scalar(a), b)', ['a', 'b']],
    ['quantile(scalar(sum(a)) / 100, b)', ['a', 'b']],
    ['histogram_quantile(scalar(a), b)', ['a', 'b']],
    ['clamp(a, scalar(b), scalar(c))', ['a', 'b', 'c']],
    ['rate(a[5m] @ 1)', ['a']],
    ['max_over_time((a - b)[1h:] offset 1w)', ['a', 'b']],
    ['-(-((a)))', ['a']],
    ['label_replace(a, "b", "c", "d", "e") * on () group_left (x) f', ['a', 'f']],
    ['absent(a) or absent_over_time(b[1h])', ['a', 'b']],
    ['1 + pi()', []],
    ['"a"', []],
  ])('of %s', (query, found) => {
    expect(names(query)).toEqual(found)
  })
})

describe('mapSelectors', () => {
  it('rewrites every selector wherever it stands, and keeps the rest', () => {
    const query =
      'topk(scalar(a), rate(b[5m] offset 1m)) * on (x) group_left (y) -max_over_time((c)[1h:] @ end()) > bool 1'
    const rewritten = mapSelectors(parse(query), (selector) => ({
      ...selector,
      matchers: [{ name: 't', op: '=', value: 'x' }, ...selector.matchers],
    }))
    expect(print(rewritten)).toBe(
      'topk(scalar(a{t="x"}), rate(b{t="x"}[5m] offset 1m)) * on (x) group_left (y) -max_over_time((c{t="x"})[1h:] @ end()) > bool 1',
    )
  })

  it('gives back the same tree when nothing changes', () => {
    const expr = parse('sum by (a) (rate(b[5m])) + f'.replace('f', 'abs(c)'))
    expect(mapSelectors(expr, (selector) => selector)).toBe(expr)
  })
})

describe('mapChildren', () => {
  it('maps the direct children only', () => {
    const expr = parse('topk(1, a) + abs(b)')
    const seen: string[] = []
    const same = mapChildren(expr, (child) => {
      seen.push(child.kind)
      return child
    })
    expect(same).toBe(expr)
    expect(seen).toEqual(['AggregateExpr', 'Call'])
    expect(print(mapChildren(expr, () => parse('x')))).toBe('x + x')
  })

  it('leaves the selector of a range alone', () => {
    const expr = parse('a[5m]')
    expect(children(expr)).toHaveLength(1)
    expect(mapChildren(expr, () => parse('b'))).toBe(expr)
  })
})

describe('walk', () => {
  it('goes from parent to child in source order and skips below where told', () => {
    const met: string[] = []
    walk(parse('sum(a) + abs(b)'), (node) => {
      met.push(node.kind)
      return node.kind !== 'Call'
    })
    expect(met).toEqual(['BinaryExpr', 'AggregateExpr', 'VectorSelector', 'Call'])
  })
})
