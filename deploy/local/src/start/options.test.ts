import { describe, expect, it } from 'vitest'
import { defaultOptions, helpText, parseOptions } from './options.ts'

describe('parseOptions', () => {
  it.each([
    [[], defaultOptions],
    [['--port-base', '20000'], { ...defaultOptions, portBase: 20_000 }],
    [['--state-dir=/srv/demo', '--reset'], { ...defaultOptions, stateDir: '/srv/demo', reset: true }],
    [['--no-history', '--prometheus', '3'], { ...defaultOptions, historyHours: 0, prometheus: '3' }],
    [['-h'], 'help'],
  ])('reads %j', (args, expected) => {
    expect(parseOptions(args)).toEqual(expected)
  })

  it.each([
    [['--port-base', 'x'], /--port-base must be a port/],
    [['--port-base', '70000'], /--port-base must be a port/],
    [['--prometheus', '4'], /--prometheus must be 2 or 3/],
    [['--bogus'], /--bogus/],
    [['extra'], /extra/],
  ])('refuses %j', (args, reason) => {
    expect(() => parseOptions(args)).toThrow(reason)
  })
})

describe('helpText', () => {
  it('lists every option', () => {
    for (const option of ['--port-base', '--state-dir', '--reset', '--no-history', '--prometheus', '--help'])
      expect(helpText).toContain(option)
  })
})
