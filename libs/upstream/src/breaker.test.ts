import { describe, expect, it } from 'vitest'
import { createBreaker } from './breaker.ts'

function opened() {
  let time = 0
  const breaker = createBreaker(() => time)
  for (let i = 0; i < 5; i += 1) breaker.failed()
  return {
    breaker,
    pass: (ms: number) => {
      time += ms
    },
  }
}

describe('breaker', () => {
  it('opens after five failures in a row', () => {
    const breaker = createBreaker(() => 0)
    for (let i = 0; i < 4; i += 1) breaker.failed()
    expect(breaker.tryEnter()).toBe(true)
    breaker.succeeded()
    for (let i = 0; i < 4; i += 1) breaker.failed()
    expect(breaker.isOpen).toBe(false)
    breaker.failed()
    expect(breaker.tryEnter()).toBe(false)
  })

  it('lets one probe through after the rest, and closes if it succeeds', () => {
    const { breaker, pass } = opened()
    pass(999)
    expect(breaker.tryEnter()).toBe(false)
    pass(1)
    expect([breaker.tryEnter(), breaker.tryEnter()]).toEqual([true, false])
    breaker.succeeded()
    expect([breaker.tryEnter(), breaker.tryEnter()]).toEqual([true, true])
  })

  it('rests twice as long after a failed probe, at most 30 s', () => {
    const { breaker, pass } = opened()
    for (const rest of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
      pass(rest - 1)
      expect(breaker.tryEnter()).toBe(false)
      pass(1)
      expect(breaker.tryEnter()).toBe(true)
      breaker.failed()
    }
  })

  it('stays half-open when a probe says nothing', () => {
    const { breaker, pass } = opened()
    pass(1_000)
    expect(breaker.tryEnter()).toBe(true)
    breaker.unknown()
    expect([breaker.isOpen, breaker.tryEnter()]).toEqual([true, true])
  })

  it('is not kept open for longer by requests that were under way', () => {
    const { breaker, pass } = opened()
    pass(900)
    breaker.failed()
    pass(100)
    expect(breaker.tryEnter()).toBe(true)
  })
})
