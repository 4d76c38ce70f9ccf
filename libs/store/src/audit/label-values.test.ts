import { describe, expect, it } from 'vitest'
import { sampleEvent } from '@gatehouse/audit/sample'
import { createLabelValues, labelValueHash } from './label-values.ts'

const key = Buffer.alloc(32, 7)
const policy = { keep: new Set(['env']) }
const h = (label: string, value: string, org = 'transport'): string => labelValueHash(key, org, label, value)

function hide(
  query: string,
  matches: string[] = [],
): { query: string | undefined; matches: string[] | undefined; lines: string[] } {
  const values = createLabelValues(key, () => policy)
  const hidden = values.hide(sampleEvent(1, { request: { method: 'GET', route: 'query', query, matches } }))
  const { request } = hidden?.event ?? sampleEvent()
  return {
    query: request.query,
    matches: request.matches,
    lines: hidden?.values.map(({ line }) => line) ?? [],
  }
}

describe('hiding label values', () => {
  it.each([
    ['up', 'up'],
    ['up{env="prod"}', 'up{env="prod"}'],
    ['up{patient="A-nn"}', `up{patient="${h('patient', 'A-nn')}"}`],
    ['up{patient!~"A-nn|Bob"}[5m]', `up{patient!~"${h('patient', 'A-nn|Bob')}"}[5m]`],
    ['{__name__=~"ml_.*",x=""}', '{__name__=~"ml_.*",x=""}'],
    [
      'label_replace(up, "a", "A-nn", "b", "")',
      `label_replace(up, "${h('', 'a')}", "${h('', 'A-nn')}", "${h('', 'b')}", "")`,
    ],
    ['sum by (env) (rate(x{a="1"}[5m])) # A-nn', `sum by (env) (rate(x{a="${h('a', '1')}"}[5m]))`],
    ['up{patient="A-nn"', h('', 'up{patient="A-nn"')],
  ])('turns %s into %s', (query, expected) => {
    const hidden = hide(query)
    expect(hidden.query).toBe(expected)
    expect(hidden.lines.join('')).not.toContain('A-nn')
  })

  it('covers every part of an event that can hold a value', () => {
    const values = createLabelValues(key, () => policy)
    const text = 'up{patient="A-nn"}'
    const event = sampleEvent(1, {
      request: { method: 'GET', route: 'series', query: text, matches: [text] },
      enforced: [text],
      constraints: ['{patient="A-nn"}'],
    })
    expect(JSON.stringify(values.hide(event))).not.toContain('A-nn')
  })

  it('gives equal values one hash in an org, and other hashes in other orgs and labels', () => {
    expect(h('a', 'x')).not.toBe(h('b', 'x'))
    expect(h('a', 'x')).not.toBe(h('a', 'x', 'health'))
    const { lines } = hide('up{a="x"} + up{a="x"}', ['up{a="x"}'])
    expect(lines.filter((line) => line.includes('"label":"a"'))).toHaveLength(1)
  })

  it('leaves the events of orgs that keep values alone', () => {
    expect(createLabelValues(key, () => undefined).hide(sampleEvent())).toBeUndefined()
  })
})
