import { describe, expect, it } from 'vitest'
import { curlSnippet } from './curl.ts'
import { freshnessOf } from './freshness.tsx'
import { hoursInWords } from './requests-card.tsx'
import { snippetsFor } from './snippets.ts'
import { reasonOf } from './sources-card.tsx'

describe('freshnessOf', () => {
  const now = 1_000_000_000
  it.each([
    [undefined, 'unknown'],
    ['NaN', 'unknown'],
    ['999990', 'fresh'],
    ['999000', 'behind'],
  ])('%s is %s', (value, badge) => {
    expect(freshnessOf(value, now).badge).toBe(badge)
  })
})

describe('hoursInWords', () => {
  it.each([
    [1, '1 hour'],
    [24, '24 hours'],
    [72, '3 days'],
    [50, '50 hours'],
  ])('%i', (hours, words) => {
    expect(hoursInWords(hours)).toBe(words)
  })
})

describe('snippetsFor', () => {
  it('gives Grafana one data source for all that a person may see, other clients this one', () => {
    const snippets = new Map(snippetsFor('m', 'https://gw.example/prom/m').map(({ id, text }) => [id, text]))
    expect(snippets.get('grafana')).toContain('url: https://gw.example/prom/all\n')
    for (const id of ['promtool', 'perses', 'curl'])
      expect(snippets.get(id)).toContain('https://gw.example/prom/m')
  })
})

describe('reasonOf', () => {
  it('names each path once', () => {
    const because = [
      { role: 'viewer', via: 'team A', grantUid: '1' },
      { role: 'viewer', via: 'team A', grantUid: '2' },
      { role: 'editor', via: 'team B', grantUid: '3' },
    ]
    expect(reasonOf({ because })).toBe('the role viewer through team A and the role editor through team B')
  })
})

describe('curlSnippet', () => {
  it('survives any query in a shell', () => {
    expect(curlSnippet('http://x', `up{a='$(id)'}`)).toContain(String.raw`'query=up{a='\''$(id)'\''}'`)
  })
})
