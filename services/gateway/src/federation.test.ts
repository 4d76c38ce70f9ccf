import { describe, expect, it } from 'vitest'
import { federate } from './federation.ts'

const dropped = new Map([['replica', new Set(['a"1', 'b'])]])

function federated(lines: string): string {
  const body = Buffer.from(`# TYPE m untyped\n${lines}`)
  return [...federate([{ body, dropped }], { format: 'text', isUtf8: true })].join('')
}

describe('labels that say which replica answered', () => {
  it.each([
    ['m{replica="b"} 1 2\n', 'm 1 2\n'],
    ['m{a="x",replica="b",z="}"} 1 2\n', 'm{a="x",z="}"} 1 2\n'],
    ['m{a="{replica=\\"b\\"}",replica="a\\"1"} 1 2\n', 'm{a="{replica=\\"b\\"}"} 1 2\n'],
    ['m{replica="own"} 1 2\n', 'm{replica="own"} 1 2\n'],
    ['{"m.x","replica"="b","é"="y"} 1 2\n', '{"m.x","é"="y"} 1 2\n'],
    ['m 1 2\n', 'm 1 2\n'],
  ])('are left out of %s', (line, expected) => {
    expect(federated(line)).toBe(`# TYPE m untyped\n${expected}`)
  })

  it('are not looked for in what cannot be read', () => {
    expect(() => federated('m{replica=b} 1 2\n')).toThrow()
  })
})
