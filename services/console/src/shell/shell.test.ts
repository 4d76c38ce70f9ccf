import { describe, expect, it } from 'vitest'
import { screens } from '../routes.tsx'
import { fittingRoles } from './fitting-roles.ts'
import { isAt } from './nav.tsx'
import { agentText } from './sessions-table.tsx'

describe('screens', () => {
  const needing = screens.flatMap(({ path, needs }) => (needs === undefined ? [] : [{ path, needs }]))
  it.each(needing)(
    '$path is open to some role that comes with Gatehouse, which a refusal names',
    ({ needs }) => {
      expect(fittingRoles(needs, []).length).toBeGreaterThan(0)
    },
  )

  it('have help, and a path each', () => {
    for (const { help } of screens) expect(help.length).toBeGreaterThan(0)
    expect(new Set(screens.map(({ path }) => path)).size).toBe(screens.length)
  })
})

describe('fitting roles', () => {
  const reader = { name: 'reader', description: '', actions: ['audit:read'] }
  const other = { name: 'drawer', description: '', actions: ['dashboards:write'] }
  it('are those of the release and of the org that allow it, those that allow least first', () => {
    const names = fittingRoles(['audit:read'], [reader, other]).map(({ name }) => name)
    expect(names).toEqual(['auditor', 'org-admin', 'reader'])
    expect(fittingRoles(['system:read'], []).map(({ name }) => name)).toEqual(['operator'])
    expect(fittingRoles(['datasources:query'], [])[0]?.name).toBe('viewer')
  })
})

describe('isAt', () => {
  it.each([
    ['/', '/', true],
    ['/explore', '/', false],
    ['/dashboards/x', '/dashboards', true],
    ['/dashboardsx', '/dashboards', false],
  ])('%s at %s: %s', (path, to, expected) => {
    expect(isAt(path, to)).toBe(expected)
  })
})

describe('agentText', () => {
  it.each([
    ['Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0', 'Firefox 130 on Linux'],
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 Safari/537.36 Edg/129.0.0.0',
      'Edge 129 on Windows',
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1',
      'Safari 17 on iOS',
    ],
    ['curl/8.5.0', 'curl/8.5.0'],
  ])('%s', (userAgent, expected) => {
    expect(agentText(userAgent)).toBe(expected)
  })
})
