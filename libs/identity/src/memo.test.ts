import { GatehouseError } from '@gatehouse/errors'
import { describe, expect, it } from 'vitest'
import { createMemo, freshMs } from './memo.ts'

const outage = new GatehouseError('unavailable', 'away')

describe('createMemo', () => {
  function setUp(): { memo: ReturnType<typeof createMemo<{ n: number }>>; clock: { ms: number } } {
    const clock = { ms: 1_000_000 }
    return { memo: createMemo<{ n: number }>(60_000, () => clock.ms), clock }
  }
  it('asks once within the fresh time and again after it', async () => {
    const { memo, clock } = setUp()
    let n = 0
    const load = async (): Promise<{ n: number }> => ({ n: ++n })
    expect(await Promise.all([memo.get('k', load), memo.get('k', load)])).toEqual([{ n: 1 }, { n: 1 }])
    clock.ms += freshMs - 1
    expect(await memo.get('k', load)).toEqual({ n: 1 })
    clock.ms += 1
    expect(await memo.get('k', load)).toEqual({ n: 2 })
    expect(await memo.get('other', load)).toEqual({ n: 3 })
  })
  it('counts the age from the question', async () => {
    const { memo, clock } = setUp()
    await memo.get('k', async () => {
      clock.ms += 900
      return { n: 1 }
    })
    clock.ms += 100
    expect(await memo.get('k', async () => ({ n: 2 }))).toEqual({ n: 2 })
  })
  it('bridges an outage only up to the stated staleness', async () => {
    const { memo, clock } = setUp()
    await memo.get('k', async () => ({ n: 1 }))
    clock.ms += 60_000
    expect(await memo.get('k', () => Promise.reject(outage))).toEqual({ n: 1 })
    clock.ms += 1
    await expect(memo.get('k', () => Promise.reject(outage))).rejects.toBe(outage)
    await expect(memo.get('new', () => Promise.reject(outage))).rejects.toBe(outage)
  })
  it('forgets what another error contradicts', async () => {
    const { memo, clock } = setUp()
    await memo.get('k', async () => ({ n: 1 }))
    clock.ms += freshMs
    const wrong = new GatehouseError('unauthenticated', 'no')
    await expect(memo.get('k', () => Promise.reject(wrong))).rejects.toBe(wrong)
    await expect(memo.get('k', () => Promise.reject(outage))).rejects.toBe(outage)
  })
  it('waits for a silent store no longer than its patience, and takes up what it says in the end', async () => {
    const memo = createMemo<{ n: number }>(60_000, () => performance.now() + skew)
    let skew = 0
    await memo.get('k', async () => ({ n: 1 }))
    skew = freshMs
    const late = Promise.withResolvers<{ n: number }>()
    const silence = (): Promise<{ n: number }> => late.promise
    expect(await Promise.all([memo.get('k', silence), memo.get('k', silence)])).toEqual([{ n: 1 }, { n: 1 }])
    late.resolve({ n: 2 })
    await late.promise
    expect(await memo.get('k', silence)).toEqual({ n: 2 })
  })
  it('refuses at once what it cannot answer while the store is known to be away', async () => {
    const { memo, clock } = setUp()
    await memo.get('k', async () => ({ n: 1 }))
    clock.ms += 60_001
    await expect(memo.get('k', () => Promise.reject(outage))).rejects.toBe(outage)
    const silence = (): Promise<{ n: number }> => new Promise(() => {})
    await expect(memo.get('k', silence)).rejects.toMatchObject({ code: 'unavailable' })
    await expect(memo.get('new', silence)).rejects.toMatchObject({ code: 'unavailable' })
  })
})
