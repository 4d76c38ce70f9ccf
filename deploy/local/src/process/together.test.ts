import { describe, expect, it } from 'vitest'
import { together } from './together.ts'

describe('together', () => {
  it('gives every result', async () => {
    expect(await together([Promise.resolve(1), 'two'])).toEqual([1, 'two'])
  })

  it('waits for all before it throws, and tells every reason', async () => {
    let isSettled = false
    const slow = new Promise((_, reject) =>
      setTimeout(() => {
        isSettled = true
        reject(new Error('the second'))
      }, 20),
    )
    await expect(together([Promise.reject(new Error('the first')), slow])).rejects.toThrow(
      'the first; the second',
    )
    expect(isSettled).toBe(true)
    await expect(together([1, Promise.reject(new Error('alone'))])).rejects.toThrow(/^alone$/)
  })
})
