import { describe, expect, it } from 'vitest'
import { screens } from '../routes.tsx'
import { fittingRoles } from './fitting-roles.ts'
import { isAt } from './nav.tsx'

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
