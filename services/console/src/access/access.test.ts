import { describe, expect, it } from 'vitest'
import { stateOf } from './grants-table.tsx'
import { countsText } from './preview.tsx'
import { placeFrom, placeText } from './place.ts'
import { actionText } from './role-screen.tsx'
import { groupsOf } from './teams-screen.tsx'
import { toSelector } from './who-screen.tsx'
import { isSelector, viaText, whereText } from './words.ts'

describe('places', () => {
  it('are read as they were written', () => {
    for (const place of [
      { kind: 'org' },
      { kind: 'folder', uid: 'models' },
      { kind: 'data-source', uid: 'a-b' },
    ] as const)
      expect(placeFrom(placeText(place))).toEqual(place)
  })

  it('of unknown kinds are the whole org', () => {
    expect(placeFrom('planet:earth')).toEqual({ kind: 'org' })
  })

  it('are in words', () => {
    expect(whereText({ kind: 'org' }, 'Transport')).toBe('all of Transport')
    expect(whereText({ kind: 'data-source', uid: 'metrics' }, 'Transport')).toBe('data source metrics')
  })
})

describe('what is asked', () => {
  it.each([
    ['', '{}'],
    ['up', '{__name__="up"}'],
    ['job:requests:rate5m', '{__name__="job:requests:rate5m"}'],
    ['{env="prod"}', '{env="prod"}'],
    ['up{env="prod"}', 'up{env="prod"}'],
  ])('%j is the selector %s', (text, selector) => expect(toSelector(text)).toBe(selector))

  it('must be a selector in a grant', () => {
    expect(isSelector(' {env="prod"} ')).toBe(true)
    expect(isSelector('env="prod"')).toBe(false)
  })
})

describe('the preview', () => {
  const none = { accounts: 0, gained: 0, lost: 0, widened: 0, narrowed: 0, changed: 0 }

  it('counts in a sentence', () => {
    expect(countsText(none)).toBe('Nobody gains or loses anything by this.')
    expect(countsText(none, 1)).toMatch(/^Nobody who is known here .* teams will is listed\.$/)
    expect(countsText({ ...none, accounts: 1, gained: 1 })).toBe(
      'One account is affected: 1 gains a data source.',
    )
    expect(countsText({ ...none, accounts: 3, widened: 1, lost: 2 })).toBe(
      '3 accounts are affected: 1 sees more series and 2 lose a data source.',
    )
    expect(countsText({ ...none, accounts: 2 })).toBe('2 accounts are affected.')
  })
})

describe('grants', () => {
  const now = Date.parse('2026-11-22T12:00:00Z')
  it.each([
    [null, null, 'in force'],
    [null, '2026-11-22T11:00:00Z', 'ended'],
    [null, '2026-11-22T12:00:00Z', 'ended'],
    ['2026-11-23T00:00:00Z', null, 'not yet'],
  ] as const)('from %s until %s is %s', (notBefore, expiresAt, state) =>
    expect(stateOf({ notBefore, expiresAt }, now)).toBe(state),
  )
})

describe('words', () => {
  it('say paths, actions and groups', () => {
    expect(viaText('team:signals')).toBe('team signals')
    expect(viaText('user:u-1')).toBe('a grant of their own')
    expect(actionText('datasources:query')).toMatch(/^Read series/)
    expect(actionText('other:thing')).toBe('other:thing')
    expect(groupsOf(' a, b ,,c')).toEqual(['a', 'b', 'c'])
  })
})
