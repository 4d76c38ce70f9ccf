import { describe, expect, it } from 'vitest'
import { compareBytes } from './sort.ts'
import { labelSetJson, toLabelSet, unionLabelSets, unionStrings } from './union.ts'

describe('union of answers', () => {
  it('orders as UTF-8 bytes do', () => {
    const texts = ['', 'A', 'a', 'aa', 'é', '\ue000', '\uffff', '😀', '𐍈', 'a😀', 'a\uffff']
    const byBytes = texts.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    expect(texts.toSorted(compareBytes)).toEqual(byBytes)
  })

  it('keeps each string once', () => {
    expect(unionStrings([['b', 'a'], ['c', 'a'], []])).toEqual(['a', 'b', 'c'])
  })

  it('keeps label names that JavaScript objects treat specially', () => {
    const text = '{"10":"x","9":"y","__name__":"up","__proto__":"p","constructor":"c","toString":"t"}'
    const labels = toLabelSet(JSON.parse(text) as Record<string, string>)
    expect(labelSetJson(labels)).toBe(text)
  })

  it('tells label sets apart that look alike when joined', () => {
    const sets = [{ a: 'b,c=d' }, { a: 'b', c: 'd' }, { a: 'b' }, { 'a=b': '' }].map(toLabelSet)
    expect(unionLabelSets([sets, sets])).toHaveLength(4)
  })

  it('orders label sets as Prometheus does', () => {
    const sets = [{ b: '1' }, { a: '2' }, { a: '1', c: '1' }, { a: '1', b: '2' }, { a: '1' }].map(toLabelSet)
    expect(unionLabelSets([sets.slice(0, 2), sets.slice(2)]).map(labelSetJson)).toEqual([
      '{"a":"1"}',
      '{"a":"1","b":"2"}',
      '{"a":"1","c":"1"}',
      '{"a":"2"}',
      '{"b":"1"}',
    ])
  })
})
