import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMetrics } from '@gatehouse/telemetry'
import { afterEach, describe, expect, it } from 'vitest'
import { createMemory } from '../memory.ts'
import { createCacheMetrics } from '../metrics.ts'
import type { Fetch } from '../model.ts'
import { createResultsCache } from '../results-cache.ts'
import { defaultOptions, rangeRequest } from '../testing/gateway.ts'
import { type Link, linkTo, type Listener, listenAt } from './links.ts'
import { createNear } from './near.ts'
import { createSharedResults, type Streamed } from './shared-results.ts'

const count = 3
const start = 1_700_000_040_000
const endings: (() => unknown)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end()
})

type Stream = { readonly text: string }

/** Some processes of one gateway, all in this one. */
async function setUp(hanging?: number) {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-'))
  endings.push(() => rmSync(folder, { recursive: true, force: true }))
  const processes = await Promise.all(
    Array.from({ length: count }, async (_, slot) => {
      const metrics = createCacheMetrics(createMetrics())
      const clock = { now: () => Date.now(), monotonic: () => performance.now() }
      const links: (Link | undefined)[] = []
      const local = createResultsCache<Streamed<Stream>>({
        memory: createMemory(1_000_000, metrics),
        shared: undefined,
        metrics,
        clock,
        options: defaultOptions,
        drop: () => undefined,
      })
      const { results, handlers } = createSharedResults<Stream>({
        local,
        neighbours: { slot, count, peer: (other) => links[other]?.peer },
        near: createNear(100_000, clock.monotonic),
        metrics,
        drop: () => undefined,
      })
      const path = (of: number): string => join(folder, `${of}.sock`)
      const { promise: never } = Promise.withResolvers<never>()
      const stuck = Object.fromEntries(Object.keys(handlers).map((name) => [name, () => never]))
      const listener: Listener = await listenAt(path(slot), slot === hanging ? stuck : handlers)
      const connect = async (): Promise<void> => {
        for (let other = 0; other < count; other += 1)
          links[other] = other === slot ? undefined : linkTo(path(other), handlers)
        await Promise.all(links.flatMap((link) => (link === undefined ? [] : [link.reached])))
      }
      const end = async (): Promise<void> => {
        for (const link of links) link?.close()
        await listener.close()
      }
      endings.push(end)
      return { results, connect, end }
    }),
  )
  for (const { connect } of processes) await connect()
  return processes
}

const body = (text: string) =>
  ({ kind: 'body', body: Buffer.from(text), isComplete: true, asOf: undefined }) as const

function questionOf(tenant: string) {
  const times = { kind: 'lookup', start: undefined, end: undefined } as const
  const request = rangeRequest([tenant], { start, end: start, step: 60_000 })
  return { ...request, key: { ...request.key, endpoint: 'labels', times } } as const
}

describe('the processes of a gateway', () => {
  // Whose the answer is differs by tenant: the process that ends, one of those that wait, or the third.
  it.each(['a', 'b', 'c', 'd', 'e', 'f'])(
    'answer those who wait for an answer when the process that asked for it ends (%s)',
    async (tenant) => {
      const [first, second, third] = await setUp()
      if (first === undefined || second === undefined || third === undefined) throw new Error('too few')
      const { promise: isAsked, resolve: asked } = Promise.withResolvers<void>()
      const never: Fetch<Stream> = ({ signal }) =>
        new Promise((_resolve, reject) => {
          asked()
          signal.addEventListener('abort', () => reject(signal.reason))
        })
      const leading = first.results.cached(questionOf(tenant), never).catch(() => undefined)
      await isAsked
      const following = [second, third, second].map(({ results }) =>
        results.cached(questionOf(tenant), async () => body('answer')),
      )
      await new Promise((resolve) => setTimeout(resolve, 50))
      await first.end()
      const answers = await Promise.all(following)
      expect(answers.map((answer) => answer.kind === 'body' && answer.body.toString())).toEqual([
        'answer',
        'answer',
        'answer',
      ])
      void leading
    },
  )

  it.each(['a', 'b', 'c', 'd'])('do without one that hangs (%s)', async (tenant) => {
    const [, second, third] = await setUp(0)
    if (second === undefined || third === undefined) throw new Error('too few')
    const answers = await Promise.all(
      [second, third].map(({ results }) => results.cached(questionOf(tenant), async () => body('answer'))),
    )
    expect(answers.map((answer) => answer.kind === 'body' && answer.body.toString())).toEqual([
      'answer',
      'answer',
    ])
  })

  it('wait for one that is at it, however long', async () => {
    const [first, second, third] = await setUp()
    if (first === undefined || second === undefined || third === undefined) throw new Error('too few')
    let fetches = 0
    const slow: Fetch<Stream> = async ({ started }) => {
      fetches += 1
      started?.()
      await new Promise((resolve) => setTimeout(resolve, 2_600))
      return body('answer')
    }
    const all = [first, second, third].map(({ results }) => results.cached(questionOf('slow'), slow))
    expect((await Promise.all(all)).map(({ kind }) => kind)).toEqual(['body', 'body', 'body'])
    expect(fetches).toBe(1)
  })
})
