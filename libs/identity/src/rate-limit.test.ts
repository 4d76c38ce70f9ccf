import { describe, expect, it } from 'vitest'
import { createRateLimit } from './rate-limit.ts'

describe('a rate limit', () => {
  it('lets a burst through, then one for every refill, for each key by itself', () => {
    let now = 0
    const limit = createRateLimit({ burst: 3, refillMs: 2_000 }, () => now)
    expect([1, 2, 3, 4].map(() => limit.take('a'))).toEqual([undefined, undefined, undefined, 2])
    expect(limit.take('b')).toBeUndefined()
    now = 1_000
    expect(limit.take('a')).toBe(1)
    now = 2_000
    expect([limit.take('a'), limit.take('a')]).toEqual([undefined, 2])
    now = 60_000
    expect([1, 2, 3, 4].map(() => limit.take('a'))).toEqual([undefined, undefined, undefined, 2])
  })
  it('forgets the key idle longest when there are too many', () => {
    const limit = createRateLimit({ burst: 1, refillMs: 1e9 }, () => 0)
    limit.take('first')
    for (let i = 0; i < 20_000; i += 1) limit.take(`k${i}`)
    expect([limit.take('k19999'), limit.take('first')]).toEqual([1_000_000, undefined])
  })
})
