import { describe, expect, it } from 'vitest'
import { createLatency, createPercentile } from './latency.ts'

describe('a percentile', () => {
  it('is known from the twentieth observation on, and follows the last 128', () => {
    const percentile = createPercentile(0.95)
    for (let i = 1; i < 20; i += 1) percentile.observe(i)
    expect(percentile.value).toBeUndefined()
    percentile.observe(20)
    expect(percentile.value).toBe(20)
    for (let i = 0; i < 256; i += 1) percentile.observe(i % 100 < 90 ? 5 : 1_000)
    expect(percentile.value).toBe(1_000)
    for (let i = 0; i < 256; i += 1) percentile.observe(3)
    expect(percentile.value).toBe(3)
  })
})

describe('a latency', () => {
  it('follows what is observed, and counts less the longer ago that was', () => {
    let now = 0
    const latency = createLatency(() => now)
    for (let i = 0; i < 30; i += 1) latency.observe(1_000)
    expect(latency.average).toBeCloseTo(1_000, 0)
    now = 10_000
    expect(latency.average).toBeCloseTo(500, 0)
    latency.forget()
    expect(latency.average).toBe(0)
  })
})
