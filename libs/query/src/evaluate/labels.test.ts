import { describe, expect, it } from 'vitest'
import { compareLabels, labelsKey, labelsOf, printLabels, withLabel, withoutName } from './labels.ts'

const of = (pairs: Record<string, string>) => labelsOf(Object.entries(pairs))

describe('labels', () => {
  it('keep names that are special to JavaScript', () => {
    const parsed = JSON.parse(
      '{"__proto__":"p","constructor":"c","10":"ten","9":"nine","toString":"t"}',
    ) as Record<string, string>
    const labels = of(parsed)
    expect([...labels]).toEqual([
      ['10', 'ten'],
      ['9', 'nine'],
      ['__proto__', 'p'],
      ['constructor', 'c'],
      ['toString', 't'],
    ])
    expect([...withLabel(labels, '__proto__', 'q')].at(2)).toEqual(['__proto__', 'q'])
  })

  it.each([
    [{ a: 'b,c=d' }, { a: 'b', c: 'd' }],
    [{ a: '1:b' }, { a: '1', b: '' }],
    [{ ab: 'c' }, { a: 'bc' }],
    [{ a: '', b: 'x' }, { a: 'b:x' }],
  ])('%j and %j have different keys', (a, b) => {
    expect(labelsKey(of(a))).not.toBe(labelsKey(of(b)))
  })

  it('an empty value is an absent label', () => {
    expect(labelsKey(of({ a: '', b: 'x' }))).toBe(labelsKey(of({ b: 'x' })))
    expect([...withLabel(of({ a: 'x' }), 'a', '')]).toEqual([])
  })

  it('are ordered as Go orders them', () => {
    const list = [{ a: '\u{1F600}' }, { a: '\uFFFD' }, { a: 'b', c: 'd' }, { a: 'b' }, {}, { b: 'a' }].map(of)
    expect(list.toSorted(compareLabels).map(printLabels)).toEqual([
      '{}',
      '{a="b"}',
      '{a="b", c="d"}',
      '{a="\uFFFD"}',
      '{a="\u{1F600}"}',
      '{b="a"}',
    ])
  })

  it('lose the metric name and nothing else', () => {
    expect(printLabels(withoutName(of({ __name__: 'up', a: 'x"y', 'b c': '1' })))).toBe(
      '{a="x\\"y", "b c"="1"}',
    )
  })
})
