import { describe, expect, it } from 'vitest'
import { interpolate } from './interpolate.ts'
import { chosenOf, listedOptions, optionsOfAnswers } from './variable-options.ts'
import { dependents, inOrder } from './variable-order.ts'
import { readVariableQuery } from './variable-query.ts'
import { addressOfAll, type VariableState, valuesOf } from './variable-values.ts'
import { readVariables, type Variable } from './variable.ts'

const read = (list: readonly object[]): readonly Variable[] => readVariables({ list })
const one = (item: object): Variable => {
  const [variable] = read([{ name: 'v', type: 'query', ...item }])
  if (variable === undefined) throw new Error('no variable')
  return variable
}
const options = (...values: string[]): { text: string; value: string }[] =>
  values.map((value) => ({ text: value, value }))

describe('queries of variables', () => {
  it.each([
    ['label_values(up, job)', { kind: 'label-values', label: 'job', selector: 'up' }],
    ['label_values(job)', { kind: 'label-values', label: 'job', selector: undefined }],
    [
      'label_values(up{job="$job", cluster="a,b"},instance)',
      { kind: 'label-values', label: 'instance', selector: 'up{job="$job", cluster="a,b"}' },
    ],
    ['label_names()', { kind: 'label-names', selector: undefined }],
    ['metrics(node_.*)', { kind: 'metrics', pattern: 'node_.*' }],
    ['query_result(topk(5, sum by (a) (up)))', { kind: 'query-result', expr: 'topk(5, sum by (a) (up))' }],
    ['up{a="b"}', { kind: 'series', selector: 'up{a="b"}' }],
    ['  ', undefined],
  ])('%s', (text, query) => {
    expect(readVariableQuery(text)).toEqual(query)
  })
})

describe('options', () => {
  it('lists texts and values', () => {
    expect(listedOptions('1m, hour : 1h,a\\,b,')).toEqual([
      { text: '1m', value: '1m' },
      { text: 'hour', value: '1h' },
      { text: 'a,b', value: 'a,b' },
    ])
  })

  it.each([
    ['', 0, ['b10', 'a', 'b9'], ['b10', 'a', 'b9']],
    ['', 1, ['b', 'a'], ['a', 'b']],
    ['', 2, ['a', 'b'], ['b', 'a']],
    ['', 3, ['n10', 'n9'], ['n9', 'n10']],
    ['', 4, ['n9', 'n10'], ['n10', 'n9']],
    ['', 5, ['B', 'a'], ['a', 'B']],
    ['', 7, ['b10', 'b9'], ['b9', 'b10']],
    ['/instance="([^"]+)"/', 0, ['up{instance="x"} 1 0', 'up{instance="x"} 2 0', 'none'], ['x']],
    ['/^a/i', 0, ['Abc', 'b'], ['A']],
    ['a.*', 0, ['ab', 'xab'], ['ab']],
    ['/(/', 0, ['a'], ['a']],
  ])('regex %s with order %s', (regex, sort, answers, values) => {
    expect(optionsOfAnswers(one({ regex, sort }), answers).map(({ value }) => value)).toEqual(values)
  })

  it('takes text and value from named groups', () => {
    const variable = one({ regex: '/name="(?<text>[^"]+)",id="(?<value>\\d+)"/' })
    expect(optionsOfAnswers(variable, ['m{name="Ada",id="7"} 1 0'])).toEqual([{ text: 'Ada', value: '7' }])
  })
})

describe('choices', () => {
  it.each([
    ['what is wanted and there', {}, ['b'], ['b']],
    ['the first if it is not there', {}, ['z'], ['a']],
    ['one of several, where only one may be', {}, ['b', 'c'], ['b']],
    ['several', { multi: true }, ['b', 'z', 'c'], ['b', 'c']],
    ['all, by its mark', { includeAll: true }, ['$__all'], ['$__all']],
    ['all, by its old name', { includeAll: true }, ['All'], ['$__all']],
    ['all, where nothing was saved', { includeAll: true }, [], ['$__all']],
    ['the first for "all" that is not offered', {}, ['$__all'], ['a']],
  ])('%s', (_name, change, wanted, chosen) => {
    expect(chosenOf(one(change), options('a', 'b', 'c'), wanted)).toEqual(chosen)
  })

  it('takes a text for its value', () => {
    expect(chosenOf(one({}), [{ text: 'hour', value: '1h' }], ['hour'])).toEqual(['1h'])
  })
})

describe('chains', () => {
  const list = read([
    { name: 'pod', type: 'query', query: 'label_values(up{ns="$ns"}, pod)' },
    { name: 'ns', type: 'query', query: { query: 'label_values(up{c="${cluster}"}, ns)' } },
    { name: 'cluster', type: 'query', query: 'label_values(up, c)', datasource: { uid: '${ds}' } },
    { name: 'ds', type: 'datasource', query: 'prometheus' },
    { name: 'x', type: 'query', query: 'label_values(up{a="$y"}, x)' },
    { name: 'y', type: 'query', query: 'label_values(up{a="$x"}, y)' },
  ])

  it('puts what others depend on first; a circle ends', () => {
    expect(inOrder(list).map(({ name }) => name)).toEqual(['ds', 'cluster', 'ns', 'pod', 'y', 'x'])
  })

  it('knows what a change concerns', () => {
    expect([...dependents('cluster', list)].toSorted()).toEqual(['ns', 'pod'])
  })
})

describe('values', () => {
  const state = (change: object, chosen: string[], values = ['a', 'b']): VariableState => ({
    variable: one(change),
    options: options(...values),
    chosen,
    problem: undefined,
  })
  const valueOf = (s: VariableState) => valuesOf([s], { from: 0, to: 3_600_000 }).get('v')

  it('all is every option, or the text of the dashboard with its variables', () => {
    expect(valueOf(state({ includeAll: true, multi: true }, ['$__all']))).toMatchObject({
      value: ['a', 'b'],
      text: 'All',
    })
    expect(valueOf(state({ includeAll: true, allValue: '.*' }, ['$__all']))).toMatchObject({
      value: '.*',
      isCustomAll: true,
    })
  })

  it('stand in an address as Grafana writes them', () => {
    const states = [
      state({ name: 'a', multi: true }, ['a', 'b c']),
      state({ name: 'all', includeAll: true }, ['$__all']),
      state({ name: 'fixed', type: 'constant' }, ['x']),
    ]
    expect(addressOfAll(states)).toBe('var-a=a&var-a=b+c&var-all=%24__all')
    const values = valuesOf(states, { from: 0, to: 1 })
    expect(interpolate('${a:queryparam}&${all:queryparam}', values, 'url')).toBe(
      'var-a=a&var-a=b+c&var-all=%24__all',
    )
  })

  it('an automatic interval follows the range', () => {
    const interval = state({ type: 'interval', auto: true, auto_count: 60, auto_min: '10s' }, [
      '$__auto_interval_v',
    ])
    expect(valueOf(interval)?.value).toBe('1m')
  })
})
