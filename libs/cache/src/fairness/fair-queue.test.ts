import { createMetrics } from '@gatehouse/telemetry'
import { describe, expect, it } from 'vitest'
import { capsOnly, createFairQueue, type FairQueueOptions, type SlotRequest } from './fair-queue.ts'
import { createFairnessMetrics } from './metrics.ts'
import { createRunningQueries, type RunningQuery } from './running-queries.ts'

const metrics = () => createFairnessMetrics(createMetrics())
const never = new AbortController().signal
const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function setUp(options: Partial<FairQueueOptions> = {}) {
  const queue = createFairQueue(
    { slotsPerShard: 10, maxQueued: 200, queueWait: 10_000, ...options },
    metrics(),
  )
  const order: string[] = []
  const releases: { readonly name: string; readonly release: () => void }[] = []
  const ask = (name: string, more: Partial<SlotRequest> = {}): Promise<void> => {
    const request = {
      resource: 's',
      orgUid: name,
      team: 't',
      member: 'm',
      caps: [],
      weight: 1,
      waited: 0,
      signal: never,
      ...more,
    }
    return queue.acquire(request).then((release) => {
      order.push(name)
      releases.push({ name, release })
    })
  }
  const end = async (name?: string): Promise<void> => {
    const index = name === undefined ? 0 : releases.findIndex((one) => one.name === name)
    releases.splice(index, 1)[0]?.release()
    await tick()
  }
  return { queue, ask, end, order, releases }
}

describe('fair queue', () => {
  it('leaves a fifth of the slots to other orgs', async () => {
    const { queue, ask, order, end } = setUp()
    for (let i = 0; i < 40; i += 1) void ask('a')
    await tick()
    expect(order).toHaveLength(8)
    expect(queue.waiting).toBe(32)
    void ask('b')
    void ask('b')
    void ask('b')
    await tick()
    expect(order.slice(8)).toEqual(['b', 'b'])
    // Slots are given by turns, not to who waits longest.
    for (let i = 0; i < 3; i += 1) await end('a')
    expect(order.slice(10)).toEqual(['a', 'a', 'b'])
  })

  it('serves 40 panels at once', async () => {
    const { queue, ask, end, order } = setUp()
    const all = Array.from({ length: 40 }, () => ask('a'))
    await tick()
    while (order.length < 40) await end()
    await Promise.all(all)
    expect(queue.waiting).toBe(0)
  })

  it('gives turns to orgs, whatever each has waiting, and by weight', async () => {
    const { ask, end, order, releases } = setUp({ slotsPerShard: 1 })
    void ask('x')
    await tick()
    for (let i = 0; i < 30; i += 1) void ask('a')
    for (let i = 0; i < 10; i += 1) void ask('b', { weight: 2 })
    for (let i = 0; i < 5; i += 1) void ask('c')
    while (releases.length > 0) await end()
    const first = order.slice(1, 21)
    const share = (name: string): number => first.filter((one) => one === name).length
    expect(share('b')).toBe(10)
    expect(Math.abs(share('a') - share('c'))).toBeLessThanOrEqual(1)
    expect(order).toHaveLength(46)
  })

  it('gives turns to the members of an org', async () => {
    const { queue } = setUp({ slotsPerShard: 1 })
    const order: string[] = []
    const run = async (member: string): Promise<void> => {
      const release = await queue.acquire({
        resource: 's',
        orgUid: 'a',
        team: member,
        member,
        caps: [],
        weight: 1,
        waited: 0,
        signal: never,
      })
      order.push(member)
      await tick()
      release()
    }
    await Promise.all([...Array.from({ length: 10 }, () => run('noisy')), run('quiet'), run('quiet')])
    expect(order.lastIndexOf('quiet')).toBeLessThan(5)
  })

  it('gives turns to the members of a team, and the flood of one takes no room of the others', async () => {
    const { ask, order, end, releases, queue } = setUp({ slotsPerShard: 1, maxQueued: 10 })
    const refused: unknown[] = []
    for (let i = 0; i < 30; i += 1)
      ask('robot', { orgUid: 'a', member: 'robot' }).catch((error: unknown) => refused.push(error))
    await tick()
    void ask('mate', { orgUid: 'a', member: 'mate' })
    void ask('mate', { orgUid: 'a', member: 'mate' })
    await tick()
    expect([queue.waiting, refused.length]).toEqual([10, 21])
    while (releases.length > 0) await end()
    expect(order.slice(0, 5).toSorted((a, b) => a.localeCompare(b))).toEqual([
      'mate',
      'mate',
      'robot',
      'robot',
      'robot',
    ])
  })

  it('gives a team one turn, however many of it ask', async () => {
    const { ask, order, end, releases } = setUp({ slotsPerShard: 1 })
    void ask('first')
    for (let i = 0; i < 10; i += 1) void ask('many', { orgUid: 'a', team: 'large', member: `m${i}` })
    for (let i = 0; i < 3; i += 1) void ask('few', { orgUid: 'a', team: 'small', member: 'one' })
    await tick()
    while (releases.length > 0) await end()
    expect(order.slice(1, 7).filter((name) => name === 'few')).toHaveLength(3)
  })

  it('bounds by caps alone what takes no slot of its own', async () => {
    const { ask, order, end, queue } = setUp({ slotsPerShard: 1 })
    const caps = [{ key: 'robot', limit: 2 }]
    for (let i = 0; i < 3; i += 1) void ask('a', { resource: capsOnly, caps })
    for (let i = 0; i < 3; i += 1) void ask('b', { resource: capsOnly })
    await tick()
    expect([order, queue.waiting]).toEqual([['a', 'a', 'b', 'b', 'b'], 1])
    await end('a')
    expect(order).toHaveLength(6)
  })

  it('holds nobody up behind somebody at their own cap', async () => {
    const { ask, order, end } = setUp()
    const caps = [{ key: 'robot', limit: 1 }]
    for (let i = 0; i < 3; i += 1) void ask('robot', { orgUid: 'a', caps })
    void ask('mate', { orgUid: 'a' })
    await tick()
    expect(order).toEqual(['robot', 'mate'])
    await end('robot')
    expect(order).toEqual(['robot', 'mate', 'robot'])
  })

  it('starves nobody: an org that keeps coming does not pass one that waits', async () => {
    const { ask, end, order, releases } = setUp({ slotsPerShard: 2 })
    for (let i = 0; i < 4; i += 1) void ask('a')
    await tick()
    void ask('b')
    for (let i = 0; i < 5 && !order.includes('b'); i += 1) {
      void ask('a')
      await end()
    }
    expect(order.indexOf('b')).toBeLessThan(4)
    while (releases.length > 0) await end()
  })

  it('keeps to caps over all shards', async () => {
    const { ask, end, order } = setUp()
    const caps = [{ key: 'sa:robot', limit: 2 }]
    void ask('a', { caps, resource: 's1' })
    void ask('a', { caps, resource: 's2' })
    void ask('a', { caps, resource: 's2' })
    await tick()
    expect(order).toEqual(['a', 'a'])
    void ask('other', { resource: 's2' })
    await tick()
    expect(order).toEqual(['a', 'a', 'other'])
    await end('a')
    expect(order).toEqual(['a', 'a', 'other', 'a'])
  })

  it('refuses with Retry-After when too many wait or the wait is too long', async () => {
    const { ask, order } = setUp({ slotsPerShard: 1, maxQueued: 2, queueWait: 50 })
    void ask('a')
    const waiting = [ask('a'), ask('a')].map((one) => one.catch((error: unknown) => error))
    await expect(ask('a')).rejects.toMatchObject({
      code: 'too_many_requests',
      message: 'too many requests wait already, more than the limit of 2; try again later',
      retryAfter: 1,
    })
    for (const error of await Promise.all(waiting)) {
      expect(error).toMatchObject({
        code: 'too_many_requests',
        message: 'no slot became free in time, within the limit of 0.05 s; try again later',
      })
    }
    expect(order).toEqual(['a'])
  })

  it('lets no member’s flood fill the room of the others: who has the most waiting gives way', async () => {
    const { queue, ask, end, order } = setUp({ slotsPerShard: 1, maxQueued: 3 })
    const outcome = (one: Promise<void>) =>
      one.then(
        () => 'ran',
        () => 'refused',
      )
    const asks = (member: string, count: number) =>
      Array.from({ length: count }, () => outcome(ask('a', { member })))
    const flood = asks('noisy', 6)
    await tick()
    expect(queue.waiting).toBe(3)
    const quiet = asks('quiet', 2)
    const others = asks('other', 1)
    await tick()
    // Nobody has more waiting than they would have: no more of them get in.
    const oneMore = asks('quiet', 1)
    expect(await Promise.all(oneMore)).toEqual(['refused'])
    for (let i = 0; i < 4; i += 1) await end()
    const refused = Array.from({ length: 4 }, () => 'refused')
    expect(await Promise.all(flood)).toEqual(['ran', 'ran', ...refused])
    expect(await Promise.all([...quiet, ...others])).toEqual(['ran', 'refused', 'ran'])
    expect(order).toHaveLength(4)
  })

  it('runs at once what a flood behind a cap leaves idle', async () => {
    const { ask, order } = setUp({ maxQueued: 3 })
    const caps = [{ key: 'sa:robot', limit: 1 }]
    for (let i = 0; i < 10; i += 1)
      ask('robot', { orgUid: 'a', member: 'robot', caps }).catch(() => undefined)
    for (let i = 0; i < 5; i += 1) void ask('colleague', { orgUid: 'a', member: 'colleague' })
    await tick()
    expect(order).toEqual(['robot', ...Array.from({ length: 5 }, () => 'colleague')])
  })

  it('lets a request that has waited elsewhere wait only for the rest, and run at once if there is a slot', async () => {
    const { ask, order } = setUp({ slotsPerShard: 1, queueWait: 600_000 })
    await ask('late', { waited: 700_000 })
    await expect(ask('later', { waited: 599_999 })).rejects.toMatchObject({ code: 'too_many_requests' })
    await expect(ask('latest', { waited: 700_000 })).rejects.toMatchObject({ code: 'too_many_requests' })
    expect(order).toEqual(['late'])
  })

  it('forgets who leaves, and gives a slot back once only', async () => {
    const { queue, ask, order } = setUp({ slotsPerShard: 1 })
    const release = await queue.acquire({
      resource: 's',
      orgUid: 'a',
      team: 't',
      member: 'm',
      caps: [],
      weight: 1,
      waited: 0,
      signal: never,
    })
    const leaving = new AbortController()
    const gone = ask('b', { signal: leaving.signal }).catch((error: unknown) => error)
    void ask('c')
    void ask('d')
    leaving.abort()
    expect(await gone).toMatchObject({ code: 'canceled' })
    release()
    release()
    await tick()
    expect(order).toEqual(['c'])
    expect(queue.waiting).toBe(1)
  })

  it('gives no slot to who leaves in the turn in which one becomes free', async () => {
    const { ask, end, order } = setUp({ slotsPerShard: 1 })
    await ask('a')
    const leaving = new AbortController()
    const gone = ask('b', { signal: leaving.signal }).catch((error: unknown) => error)
    void ask('c')
    leaving.abort()
    await end('a')
    expect(await gone).toMatchObject({ code: 'canceled' })
    expect(order).toEqual(['a', 'c'])
  })
})

describe('running queries', () => {
  const query = (id: string, orgUid: string, startedAt: number): RunningQuery => ({
    uid: id,
    id,
    orgUid,
    principalUid: 'p',
    dataSourceUid: 'd',
    endpoint: 'query',
    query: 'up',
    fingerprint: 'f',
    startedAt,
  })

  it('are listed by age and can be cancelled', () => {
    const running = createRunningQueries(metrics())
    const aborted: unknown[] = []
    const end = running.start(query('1', 'a', 20), (reason) => aborted.push(reason))
    running.start(query('2', 'b', 10), (reason) => aborted.push(reason))
    expect(running.list().map(({ id }) => id)).toEqual(['2', '1'])
    expect(running.list('a').map(({ id }) => id)).toEqual(['1'])
    expect(running.cancel('2', 'overload')).toBe(true)
    expect(aborted).toEqual([
      expect.objectContaining({ code: 'canceled', message: 'stopped by an operator: overload' }),
    ])
    expect(running.cancel('3', 'overload')).toBe(false)
    end()
    expect(running.list('a')).toEqual([])
    expect(running.cancelWhere(({ fingerprint }) => fingerprint === 'f', 'x')).toBe(1)
  })
})
