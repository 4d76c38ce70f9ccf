import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { screens } from '../routes.tsx'
import { rolesFor } from './forbidden.tsx'
import { isAt } from './nav.tsx'

const policies = join(import.meta.dirname, '../../../../policies/roles')

describe('screens', () => {
  const withRoles = screens.flatMap(({ path, needs = [], roles = [] }) =>
    roles.map((role) => ({ path, needs, role })),
  )
  it.each(withRoles)('$path is open to the role $role', ({ needs, role }) => {
    const file = readFileSync(join(policies, `${role}.yaml`), 'utf8')
    const allowed = new Set(file.match(/[a-z.]+:[a-z]+/g))
    expect(needs.some((action) => allowed.has(action))).toBe(true)
  })

  it('have help, and a path each', () => {
    for (const { help } of screens) expect(help.length).toBeGreaterThan(0)
    expect(new Set(screens.map(({ path }) => path)).size).toBe(screens.length)
  })
})

describe('rolesFor', () => {
  const auditor = { name: 'auditor', description: 'Reads', permissions: [{ action: 'audit:read' }] }
  const reader = { name: 'reader', description: '', permissions: [{ action: 'audit:read' }] }
  const other = { name: 'viewer', description: '', permissions: [{ action: 'dashboards:read' }] }
  it('are those of the org that fit, and those of the release', () => {
    const screen = { needs: ['audit:read'], roles: ['auditor'] }
    expect(rolesFor(screen, [])).toEqual([{ name: 'auditor', description: '' }])
    expect(rolesFor(screen, [reader, auditor, other]).map(({ name }) => name)).toEqual(['reader', 'auditor'])
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
