import { parseMatchers } from '@gatehouse/promql'
import { describe, expect, it } from 'vitest'
import { alertsData } from './alerts.ts'
import { rulesData } from './rules.ts'

const constraints = { alternatives: [parseMatchers('{tenant="a",env!="dev"}')] }
const selection = { type: undefined, names: [], groups: [], files: [], matches: [], excludeAlerts: false }
const scope = { constraints, alerts: constraints, selection }
const admits = (labels: Readonly<Record<string, string>>) => labels['tenant'] === 'a'

function group(...rules: unknown[]): unknown {
  return { groups: [{ name: 'g', file: '/etc/rules.yml', secret: 'hunter2', rules }], groupNextToken: 'next' }
}
const alert = (labels: object, more: object = {}) => ({
  labels,
  annotations: {},
  state: 'firing',
  value: '1',
  ...more,
})
const rule = (more: object) => ({
  type: 'alerting',
  name: 'r',
  query: 'x{tenant="a",env="prod"}',
  labels: { tenant: 'a' },
  ...more,
})

describe('rulesData', () => {
  it('leaves out alerts of others in an own rule, and what only they tell', () => {
    const mixed = rule({
      state: 'firing',
      lastError: 'vector contains {tenant="b"}',
      annotations: { summary: 's' },
      alerts: [
        alert({ tenant: 'b' }),
        alert({ tenant: 'a', env: 'dev' }),
        alert({ tenant: 'a' }, { state: 'pending', partial: 'b' }),
      ],
    })
    const shown = rulesData([group(mixed)], scope)
    expect(shown).toMatchObject({
      groups: [{ file: '', rules: [{ state: 'pending', alerts: [{ labels: { tenant: 'a' } }] }] }],
    })
    expect(JSON.stringify(shown)).not.toMatch(/"b"|hunter2|lastError|next|partial|dev/)
  })

  it('drops what it does not know: types, fields, and labels that are no texts', () => {
    const rules = [
      rule({ type: 'magic' }),
      rule({ labels: { tenant: ['a'] } }),
      rule({ labels: null }),
      rule({ labels: [] }),
      null,
      'rule',
      rule({ alerts: [null, { labels: { tenant: 1 } }, 7] }),
    ]
    const { groups } = rulesData([group(...rules), null, { groups: 'x' }], scope) as {
      groups: { rules: unknown[] }[]
    }
    expect(groups.flatMap((one) => one.rules)).toMatchObject([{ name: 'r', alerts: [] }])
  })

  it.each([
    ['x{tenant="a",env="prod"}', true],
    ['x{tenant="a",env="prod"} / x{tenant="a"}', false],
    ['x{tenant="a",env!="dev"}', true],
    ['vector(1)', true],
    ['x', false],
    ['x{tenant=~"a|b",env="prod"}', false],
    ['sum(', false],
    ['info(x{tenant="a",env="prod"})', false],
  ])('shows the query %j: %s', (query, isShown) => {
    const { groups } = rulesData([group(rule({ query }))], scope) as {
      groups: { rules: { query: string }[] }[]
    }
    expect(groups[0]?.rules[0]?.query).toBe(isShown ? query : '')
  })

  it.each([
    ['{{ $value }} of a slow query', true],
    ['{{ "a query" | title }}', true],
    ['{{ query "secret" | first | value }}', false],
    ['{{ with printf "secret}}" | query }}{{ . }}{{ end }}', false],
    ['{{ range query `secret` }}x{{ end }}', false],
  ])('shows the annotation %j: %s', (summary, isShown) => {
    const one = rule({
      annotations: { summary },
      alerts: [alert({ tenant: 'a' }, { annotations: { summary: 'expanded', other: 'x' } })],
    })
    expect(alertsData([group(one)], admits)).toMatchObject({
      alerts: [{ annotations: { summary: isShown ? 'expanded' : '', other: '' } }],
    })
  })

  it('shows no alerts to those who may not see any', () => {
    const { groups } = rulesData([group(rule({ state: 'firing', alerts: [alert({ tenant: 'a' })] }))], {
      ...scope,
      alerts: undefined,
    }) as {
      groups: { rules: object[] }[]
    }
    expect(groups[0]?.rules).toMatchObject([{ state: 'inactive', alerts: [] }])
  })
})
