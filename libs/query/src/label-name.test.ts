import { describe, expect, it } from 'vitest'
import { escapeLabelName, unescapeLabelName } from './label-name.ts'

describe('label names in paths', () => {
  it.each([
    ['job', 'job'],
    ['__name__', '__name__'],
    ['U__te_6e_ant', 'tenant'],
    ['U__http_2e_status', 'http.status'],
    ['U__a__b', 'a_b'],
    ['U___1f600_', '😀'],
    ['U__tenant', 'tenant'],
    ['U__', ''],
    // Malformed escapes stand for themselves.
    ['U__a_', 'U__a_'],
    ['U__a_zz_', 'U__a_zz_'],
    ['U__a_1234567_', 'U__a_1234567_'],
    ['U__a_d800_', 'U__a_d800_'],
    ['U__a_110000_', 'U__a_110000_'],
    ['U__a___b', 'U__a___b'],
  ])('%s stands for %s', (segment, name) => expect(unescapeLabelName(segment)).toBe(name))

  it.each(['job', '__name__', 'http.status', 'my label', '😀', 'a_b.c', 'U__x', '1a', 'é', 'U__te_6e_ant'])(
    '%s survives escaping',
    (name) => {
      const segment = escapeLabelName(name)
      expect(segment).toMatch(/^[A-Za-z_][A-Za-z0-9_]*$/)
      expect(unescapeLabelName(segment)).toBe(name)
    },
  )
})
