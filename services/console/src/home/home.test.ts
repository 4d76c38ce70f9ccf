import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { curlSnippet } from './curl.ts'
import { freshnessOf } from './freshness.tsx'
import { hoursInWords } from './requests-card.tsx'
import { snippetsFor, snippetsWith } from './snippets.ts'
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

const source = { uid: 'm', url: 'https://gw.example/prom/m' }

function textsOf(snippets: ReturnType<typeof snippetsFor>): ReadonlyMap<string, string> {
  return new Map(snippets.map(({ id, pieces }) => [id, pieces.map(({ text }) => text).join('\n')]))
}

describe('snippetsFor', () => {
  it('gives Grafana one data source for all that a person may see, other clients this one', () => {
    const texts = textsOf(snippetsFor(source))
    expect(texts.get('grafana')).toContain('url: https://gw.example/prom/all\n')
    for (const id of ['promtool', 'perses', 'curl']) expect(texts.get(id)).toContain(source.url)
  })
})

describe('snippetsWith', () => {
  const holder = { uid: 'credit-alerts-of-every-model-in-production', org: 'health', token: 't0k' }

  it('gives every client the token, for this data source', () => {
    const texts = [...textsOf(snippetsWith(holder, source)).values()]
    expect(texts).toHaveLength(4)
    for (const text of texts) {
      expect(text).toContain('t0k')
      expect(text).toContain(source.url)
    }
  })

  it('gives Grafana a data source of the account’s own, not the one of people', () => {
    const grafana = parse(textsOf(snippetsWith(holder, source)).get('grafana') ?? '') as {
      datasources: { name: string; jsonData: object; secureJsonData: object }[]
    }
    const [made] = grafana.datasources
    // Neither is taken by another account, org or data source, however long the uids are.
    expect(made?.name).toBe('m (health/credit-alerts-of-every-model-in-production)')
    expect(made).not.toHaveProperty('uid')
    expect(made?.jsonData).toMatchObject({ httpHeaderName1: 'Authorization' })
    expect(made?.jsonData).not.toHaveProperty('oauthPassThru')
    expect(made?.secureJsonData).toEqual({ httpHeaderValue1: 'Bearer t0k' })
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
