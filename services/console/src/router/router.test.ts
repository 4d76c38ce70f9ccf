import { describe, expect, it } from 'vitest'
import { withSearch } from './location.ts'
import { matchPath } from './match.ts'

describe('matchPath', () => {
  it.each([
    ['/', '/', {}],
    ['/', '/x', undefined],
    ['/explore', '/explore/', {}],
    ['/dashboards/:uid', '/dashboards/a%2Fb', { uid: 'a/b' }],
    ['/dashboards/:uid', '/dashboards', undefined],
    ['/dashboards/:uid', '/dashboards/a/b', undefined],
    ['/dashboards/:uid', '/dashboards/%E0', undefined],
    ['/access/*', '/access', { rest: '' }],
    ['/access/*', '/access/roles/x', { rest: 'roles/x' }],
  ])('%s %s', (pattern, path, params) => {
    expect(matchPath(pattern, path)).toEqual(params)
  })
})

describe('withSearch', () => {
  it.each([
    ['?a=1&b=2', { a: '3' }, '?b=2&a=3'],
    ['?a=1', { a: undefined }, ''],
    ['?a=1', { a: '' }, ''],
    ['', { v: ['x', 'y'] }, '?v=x&v=y'],
    ['?g0.expr=up', { 'g0.tab': '1' }, '?g0.expr=up&g0.tab=1'],
  ])('%s %j', (search, change, next) => {
    expect(withSearch(search, change)).toBe(next)
  })
})
