import { describe, expect, it } from 'vitest'
import { seriesText } from './series-text.ts'
import { sentenceOf } from '../api/client.ts'

describe('seriesText', () => {
  it.each([
    [{}, '{}'],
    [{ __name__: 'up' }, 'up'],
    [{ __name__: 'up', job: 'a"b\\c' }, String.raw`up{job="a\"b\\c"}`],
    [{ env: 'prod', team: 'x' }, '{env="prod", team="x"}'],
  ])('%j', (labels: Record<string, string>, text) => {
    expect(seriesText(labels)).toBe(text)
  })
})

describe('sentenceOf', () => {
  it.each([
    [{ detail: 'why' }, 'why'],
    [{ error: 'why', errorType: 'bad_data' }, 'why'],
    [{ detail: 5 }, undefined],
    [null, undefined],
    ['text', undefined],
  ])('%j', (body, sentence) => {
    expect(sentenceOf(body)).toBe(sentence)
  })
})
