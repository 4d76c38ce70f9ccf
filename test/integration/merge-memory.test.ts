import { describe, expect, it } from 'vitest'
import { measureMerging } from '../support/merge-memory.ts'

const bytes = 60_000_000
/** Objects that were not collected yet, and those of a few chunks. */
const slack = 25_000_000

describe('merging holds', () => {
  // A body kept until the end, or an answer that grows in one piece, is once more the size.
  it.each([
    ['x', true, 2],
    ['x', false, 2],
    ['quantile(0.5, x)', true, 1.5],
    ['quantile(0.5, x)', false, 2.5],
    ['topk(3, x)', true, 1.5],
    ['topk(3, x)', false, 4.7],
  ])('of answers to %s (range: %s) no more than %d times their size', async (query, isRange, times) => {
    const { received, answer, held } = await measureMerging({ query, isRange, bytes })
    expect(held).toBeLessThan(times * Math.max(received, answer) + slack)
  })
})
