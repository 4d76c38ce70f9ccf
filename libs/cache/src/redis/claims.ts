import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RedisLink } from './link.ts'
import type { Sealer } from './sealed.ts'

/** Lets one gateway of several fetch what all of them lack. Best effort: without an answer of Redis each fetches for itself. */
export interface Claims {
  /**
   * Claims a key, or waits while another gateway has it.
   * @param isThere asks whether what that gateway fetches has come; then the wait ends.
   * @returns the function that gives the claim up, or that it has waited; undefined if Redis gives no answer.
   */
  enter(
    key: string,
    signal: AbortSignal,
    isThere: () => Promise<boolean>,
  ): Promise<(() => Promise<void>) | 'waited' | undefined>
}

/** A gateway that dies keeps others waiting at most so long. */
const claimMs = 10_000
const firstPauseMs = 10
const longestPauseMs = 160

/** Deletes the claim if it is still ours. */
const releaseScript = `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end return 1`

/** Creates the claims over one connection. */
export function createClaims(link: RedisLink, sealer: Sealer): Claims {
  const nameOf = (key: string): string => sealer.name(`${key}#claim`)

  const claim = async (name: string, token: string): Promise<boolean | undefined> => {
    const reply = await link.run('claim', (client) =>
      client.set(name, token, { condition: 'NX', expiration: { type: 'PX', value: claimMs } }),
    )
    return reply === undefined ? undefined : reply !== null
  }

  const isTaken = async (name: string): Promise<boolean> =>
    ((await link.run('claim', (client) => client.exists(name))) ?? 0) > 0

  const wait = async (name: string, signal: AbortSignal, isThere: () => Promise<boolean>): Promise<void> => {
    const until = performance.now() + claimMs
    for (let pause = firstPauseMs; performance.now() < until; pause = Math.min(pause * 2, longestPauseMs)) {
      await sleep(pause, undefined, { signal, ref: false })
      // Asked before looking: what was written before the claim ended is seen.
      const wasTaken = await isTaken(name)
      if ((await isThere()) || !wasTaken) return
    }
  }

  return {
    async enter(key, signal, isThere) {
      const name = nameOf(key)
      const token = randomUUID()
      const isOurs = await claim(name, token)
      if (isOurs === undefined) return undefined
      if (!isOurs) {
        await wait(name, signal, isThere)
        return 'waited'
      }
      return async () => {
        await link.run('claim', (client) => client.eval(releaseScript, { keys: [name], arguments: [token] }))
      }
    },
  }
}
