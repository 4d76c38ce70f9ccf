import { GatehouseError } from '@gatehouse/errors'
import { describe, expect, it } from 'vitest'
import { createSingleFlight } from './single-flight.ts'

const never = new AbortController().signal

/** Work that waits to be told how to end, and counts how often it was started. */
function controlled() {
  const started: { signal: AbortSignal; resolve: (value: string) => void; reject: (error: Error) => void }[] =
    []
  const work = (signal: AbortSignal): Promise<string> =>
    new Promise((resolve, reject) => {
      started.push({ signal, resolve, reject })
      signal.addEventListener('abort', () => reject(signal.reason as Error))
    })
  return { started, work }
}
const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('single flight', () => {
  it('runs equal work of 1,000 callers once', async () => {
    const flight = createSingleFlight<string>()
    const { started, work } = controlled()
    const all = Array.from({ length: 1000 }, () => flight.run('k', never, work))
    await tick()
    expect(started).toHaveLength(1)
    started[0]?.resolve('answer')
    const flown = await Promise.all(all)
    expect(flown.filter(({ isOwn }) => isOwn)).toHaveLength(1)
    expect(new Set(flown.map(({ value }) => value))).toEqual(new Set(['answer']))
    expect(flight.inFlight).toBe(0)
  })

  it('keeps different keys apart', async () => {
    const flight = createSingleFlight<string>()
    const { started, work } = controlled()
    const both = [flight.run('a', never, work), flight.run('b', never, work)]
    await tick()
    started.forEach(({ resolve }, i) => resolve(String(i)))
    expect((await Promise.all(both)).map(({ value }) => value)).toEqual(['0', '1'])
  })

  it('gives the error of the shards to all, with one call', async () => {
    const flight = createSingleFlight<string>()
    const { started, work } = controlled()
    const all = Array.from({ length: 100 }, () => flight.run('k', never, work).catch((e: unknown) => e))
    await tick()
    started[0]?.reject(new GatehouseError('unavailable', 'shard down'))
    for (const error of await Promise.all(all)) expect(error).toMatchObject({ code: 'unavailable' })
    expect(started).toHaveLength(1)
    const again = flight.run('k', never, work)
    await tick()
    started[1]?.resolve('recovered')
    expect((await again).value).toBe('recovered')
  })

  it('hands over when a caller fails for reasons of its own', async () => {
    const flight = createSingleFlight<string>()
    const { started, work } = controlled()
    const leader = flight.run('k', never, work).catch((e: unknown) => e)
    const followers = [flight.run('k', never, work), flight.run('k', never, work)]
    await tick()
    started[0]?.reject(new GatehouseError('too_many_requests', 'your limit'))
    await tick()
    expect(started).toHaveLength(2)
    started[1]?.resolve('answer')
    expect(await leader).toMatchObject({ code: 'too_many_requests' })
    expect((await Promise.all(followers)).map(({ isOwn }) => isOwn)).toEqual([true, false])
  })

  it('does not hand over for ever', async () => {
    const flight = createSingleFlight<string>()
    let calls = 0
    const work = async (): Promise<string> => {
      calls += 1
      await tick()
      throw new GatehouseError('too_many_requests', 'all limited')
    }
    const all = Array.from({ length: 50 }, () => flight.run('k', never, work).catch((e: unknown) => e))
    for (const error of await Promise.all(all)) expect(error).toMatchObject({ code: 'too_many_requests' })
    expect(calls).toBe(4)
    expect(flight.inFlight).toBe(0)
  })

  it('goes on when the leader leaves, and when a follower leaves', async () => {
    const flight = createSingleFlight<string>()
    const { started, work } = controlled()
    const leaving = [new AbortController(), new AbortController()]
    const leader = flight.run('k', leaving[0]?.signal as AbortSignal, work).catch((e: unknown) => e)
    const follower = flight.run('k', leaving[1]?.signal as AbortSignal, work).catch((e: unknown) => e)
    const last = flight.run('k', never, work)
    await tick()
    leaving[0]?.abort(new GatehouseError('canceled', 'gone'))
    leaving[1]?.abort(AbortSignal.timeout(0).reason)
    expect(await leader).toMatchObject({ code: 'canceled' })
    expect(await follower).toMatchObject({ code: 'canceled' })
    expect(started[0]?.signal.aborted).toBe(false)
    started[0]?.resolve('answer')
    expect((await last).value).toBe('answer')
    expect(started).toHaveLength(1)
  })

  it('aborts the work when the last caller leaves; a new caller starts anew', async () => {
    const flight = createSingleFlight<string>()
    const { started, work } = controlled()
    const first = new AbortController()
    const gone = flight.run('k', first.signal, work).catch((e: unknown) => e)
    await tick()
    first.abort()
    const fresh = flight.run('k', never, work)
    expect(await gone).toMatchObject({ code: 'canceled' })
    expect(started[0]?.signal.aborted).toBe(true)
    await tick()
    started[1]?.resolve('fresh')
    expect((await fresh).value).toBe('fresh')
  })

  it('keeps to the deadline of each caller', async () => {
    const flight = createSingleFlight<string>()
    const { started, work } = controlled()
    const impatient = flight.run('k', AbortSignal.timeout(5), work).catch((e: unknown) => e)
    const patient = flight.run('k', never, work)
    expect(await impatient).toMatchObject({ code: 'timeout' })
    started[0]?.resolve('late')
    expect((await patient).value).toBe('late')
  })

  it('refuses a caller that has already left', async () => {
    const { started, work } = controlled()
    await expect(createSingleFlight<string>().run('k', AbortSignal.abort(), work)).rejects.toMatchObject({
      code: 'canceled',
    })
    expect(started).toHaveLength(0)
  })
})
