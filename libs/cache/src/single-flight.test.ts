import { GatehouseError } from '@gatehouse/errors'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createSingleFlight, type Flying, patienceMs } from './single-flight.ts'

const by = (party: string, signal = new AbortController().signal) => ({ party, signal })
const never = by('one')

/** Work that waits to be told how to end, and counts how often it was started. */
function controlled() {
  interface Call extends Flying {
    resolve(value: string): void
    reject(error: Error): void
  }
  const started: Call[] = []
  const work = ({ signal, started: tell }: Flying): Promise<string> =>
    new Promise((resolve, reject) => {
      started.push({ signal, started: tell, resolve, reject })
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
    const leaving = [new AbortController(), new AbortController()] as const
    const leader = flight.run('k', by('one', leaving[0].signal), work).catch((e: unknown) => e)
    const follower = flight.run('k', by('one', leaving[1].signal), work).catch((e: unknown) => e)
    const last = flight.run('k', never, work)
    await tick()
    leaving[0].abort(new GatehouseError('canceled', 'gone'))
    leaving[1].abort(AbortSignal.timeout(0).reason)
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
    const gone = flight.run('k', by('one', first.signal), work).catch((e: unknown) => e)
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
    const impatient = flight.run('k', by('one', AbortSignal.timeout(5)), work).catch((e: unknown) => e)
    const patient = flight.run('k', never, work)
    expect(await impatient).toMatchObject({ code: 'timeout' })
    started[0]?.resolve('late')
    expect((await patient).value).toBe('late')
  })

  it('refuses a caller that has already left', async () => {
    const { started, work } = controlled()
    await expect(
      createSingleFlight<string>().run('k', by('one', AbortSignal.abort()), work),
    ).rejects.toMatchObject({
      code: 'canceled',
    })
    expect(started).toHaveLength(0)
  })
})

describe('callers of several parties', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }))
  afterEach(() => void vi.useRealTimers())

  const set = () => {
    const unused: string[] = []
    const flight = createSingleFlight<string>({ onUnused: (value) => unused.push(value) })
    const { started, work } = controlled()
    const run = (party: string, signal?: AbortSignal) =>
      flight.run('k', by(party, signal), work).catch((e: unknown) => e)
    return { flight, started, run, unused }
  }
  const refusal = () => new GatehouseError('too_many_requests', 'your limit')

  it('pass one whose work does not start', async () => {
    const { flight, started, run } = set()
    const [first, second] = [run('a'), run('b')]
    vi.advanceTimersByTime(patienceMs - 1)
    expect(started).toHaveLength(1)
    vi.advanceTimersByTime(1)
    expect(started).toHaveLength(2)
    started[1]?.started()
    // The first would ask the shards once more.
    expect(started[0]?.signal.aborted).toBe(true)
    started[1]?.resolve('answer')
    expect(await first).toEqual({ value: 'answer', isOwn: false })
    expect(await second).toEqual({ value: 'answer', isOwn: true })
    expect(flight.inFlight).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('wait for one whose work has started, and for one of their own', async () => {
    const { started, run } = set()
    const all = [run('a'), run('a'), run('b')]
    started[0]?.started()
    vi.advanceTimersByTime(100 * patienceMs)
    expect(started).toHaveLength(1)
    started[0]?.resolve('answer')
    expect(await Promise.all(all)).toMatchObject(all.map(() => ({ value: 'answer' })))

    const own = [run('a'), run('a')]
    vi.advanceTimersByTime(100 * patienceMs)
    expect(started).toHaveLength(2)
    started[1]?.resolve('answer')
    await Promise.all(own)
  })

  it('are three at most that try', async () => {
    const { started, run } = set()
    const all = Array.from({ length: 100 }, (_, i) => run(`party ${i}`))
    vi.advanceTimersByTime(100 * patienceMs)
    expect(started).toHaveLength(3)
    started[2]?.resolve('answer')
    for (const flown of await Promise.all(all)) expect(flown).toMatchObject({ value: 'answer' })
  })

  it('are not refused for the limits of another', async () => {
    const { started, run } = set()
    const refused = Array.from({ length: 10 }, () => run('a'))
    const other = run('b')
    for (let i = 0; i < 4; i += 1) {
      started[i]?.reject(refusal())
      await tick()
    }
    for (const error of await Promise.all(refused)) expect(error).toMatchObject({ code: 'too_many_requests' })
    expect(started).toHaveLength(5)
    started[4]?.resolve('answer')
    expect(await other).toEqual({ value: 'answer', isOwn: true })
  })

  it('are refused each for their own limits', async () => {
    const { flight, started, run } = set()
    const [a, b] = [run('a'), run('b')]
    vi.advanceTimersByTime(patienceMs)
    started[1]?.reject(refusal())
    expect(await b).toMatchObject({ code: 'too_many_requests' })
    started[0]?.reject(refusal())
    expect(await a).toMatchObject({ code: 'too_many_requests' })
    expect(flight.inFlight).toBe(0)
  })

  it('try again when the one that started fails for reasons of its own', async () => {
    const { started, run } = set()
    const first = run('a')
    const leaving = run('b')
    vi.advanceTimersByTime(patienceMs)
    started[1]?.started()
    started[1]?.reject(new GatehouseError('timeout', 'its deadline'))
    expect(await leaving).toMatchObject({ code: 'timeout' })
    expect(started).toHaveLength(3)
    started[2]?.resolve('answer')
    expect(await first).toEqual({ value: 'answer', isOwn: true })
  })

  it('get the error of the shards together', async () => {
    const { started, run } = set()
    const both = [run('a'), run('b')]
    vi.advanceTimersByTime(patienceMs)
    started[0]?.reject(new GatehouseError('unavailable', 'shard down'))
    for (const error of await Promise.all(both)) expect(error).toMatchObject({ code: 'unavailable' })
    expect(started[1]?.signal.aborted).toBe(true)
  })

  it('leave nothing behind: what nobody waits for is given up', async () => {
    const { flight, started, run, unused } = set()
    const gone = new AbortController()
    const both = [run('a', gone.signal), run('b', gone.signal)]
    vi.advanceTimersByTime(patienceMs)
    // Done in the very turn in which the callers leave.
    started[0]?.resolve('too late')
    gone.abort()
    for (const error of await Promise.all(both)) expect(error).toMatchObject({ code: 'canceled' })
    await tick()
    expect(unused).toEqual(['too late'])
    expect(started[1]?.signal.aborted).toBe(true)
    expect(flight.inFlight).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  })
})
