import { describe, expect, it } from 'vitest'
import { seriesText } from './series-text.ts'
import { sentenceOf } from '../api/client.ts'
import { reasonOf } from './access-card.tsx'
import { curlSnippet } from './connect-card.tsx'

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

describe('curlSnippet', () => {
  it('survives any query in a shell', () => {
    expect(curlSnippet('http://x', `up{a='$(id)'}`)).toContain(String.raw`'query=up{a='\''$(id)'\''}'`)
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

describe('reasonOf', () => {
  it('names each path once', () => {
    const because = [
      { role: 'viewer', via: 'team A', grantUid: '1' },
      { role: 'viewer', via: 'team A', grantUid: '2' },
      { role: 'editor', via: 'team B', grantUid: '3' },
    ]
    const source = { uid: 'm', name: 'M', url: '', words: [], selectors: [], because }
    expect(reasonOf(source)).toBe('the role viewer through team A and the role editor through team B')
  })
})
