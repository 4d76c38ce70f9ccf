import { setTimeout as sleep } from 'node:timers/promises'
import { boardQueries } from './board.ts'
import { askBoard, type Target, type Window } from './client.ts'
import type { Servers } from './servers.ts'

const refreshMs = 5_000
const windows = [
  { hours: 1, step: 15 },
  { hours: 6, step: 60 },
] as const

/** Three users look at two boards whose now moves with the clock, refreshed every five seconds; how the cache answered. */
export async function watchBoards(servers: Servers, minutes: number): Promise<Record<string, object[]>> {
  const until = Date.now() + minutes * 60_000
  const seen = new Map<string, number>()
  const target: Target = {
    name: 'gateway',
    base: `${servers.two.url}/prom/whole`,
    headers: { authorization: `Bearer ${servers.token}` },
    queries: boardQueries(`tenant="${servers.tenant}"`),
  }
  // Grafana aligns both ends to the step.
  const windowNow = ({ hours, step }: (typeof windows)[number]): Window => {
    const end = Math.floor(Date.now() / 1000 / step) * step
    return { start: end - hours * 3_600, end, step }
  }
  const user = async (n: number): Promise<void> => {
    await sleep(n * 1_700)
    while (Date.now() < until) {
      const window = windows[n % windows.length]
      if (window !== undefined) await askBoard(target, windowNow(window), seen)
      await sleep(refreshMs)
    }
  }
  await Promise.all([0, 1, 2, 3, 4, 5].map(user))
  const all = [...seen.values()].reduce((sum, count) => sum + count, 0)
  return {
    'how the cache answered': [...seen].map(([result, count]) => ({
      result,
      count,
      share: Number((count / all).toFixed(3)),
    })),
  }
}
