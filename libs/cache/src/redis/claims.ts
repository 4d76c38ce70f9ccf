import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RedisLink } from './link.ts'
import type { Sealer } from './sealed.ts'

/** Lets one gateway of several fetch what all of them lack. Best effort: without an answer of Redis each fetches for itself. */
export interface Claims {
  /**
   * Claims a key and looks for what is wanted, in one round trip. While another gateway that has the key is seen alive, it looks
   * again.
   * @param look finds what that gateway stores; undefined while it is not there.
   */
  enter<T>(key: string, signal: AbortSignal, look: () => Promise<T | undefined>): Promise<Entered<T>>
}

/** What was found, and the function that gives the claim up. */
export interface Entered<T> {
  readonly found: T | undefined
  readonly leave: () => void
}

/** A gateway's word that it is at it. Redis may say anything: so it is signed, and dated, as it may say what was true once. */
interface Sign {
  readonly token: string
  readonly at: number
}

/** Nobody waits longer for another gateway, however alive it is. */
const longestWaitMs = 10_000
/** A claim that is not renewed ends. */
const claimMs = 1_000
/** Signs of life come so often; nothing is expected of a gateway that gives none for so long. */
const beatMs = 100
const silentMs = 300
/** An older sign is none; so gateways whose clocks differ by more do not wait for each other. */
const oldestSignMs = 500
const firstPauseMs = 10
const longestPauseMs = 160

/** Renews the claim if it is still ours; without a sign it ends. Signs end with their token. */
const renewScript = `
local sign = redis.call('GET', KEYS[1]) or ''
if string.sub(sign, -string.len(ARGV[1])) ~= ARGV[1] then return 0 end
if ARGV[2] == '' then return redis.call('DEL', KEYS[1]) end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`

/** Creates the claims over one connection. */
export function createClaims(link: RedisLink, sealer: Sealer): Claims {
  const signedAs = (key: string): string => `${key}#claim`
  const nameOf = (key: string): string => sealer.name(signedAs(key))

  const makeSign = (key: string, token: string): Promise<Buffer> =>
    sealer.seal(signedAs(key), { from: 0, to: 0, bornAt: Date.now(), body: Buffer.from(token) })

  /** Undefined for what no gateway says, or none says now. */
  const readSign = async (key: string, value: Buffer | null | undefined): Promise<Sign | undefined> => {
    if (value === null || value === undefined) return undefined
    const sealed = await sealer.open(signedAs(key), value).catch(() => undefined)
    if (sealed === undefined || Math.abs(Date.now() - sealed.bornAt) > oldestSignMs) return undefined
    return { token: sealed.body.toString(), at: sealed.bornAt }
  }

  /** Whether the key is ours now, and whose it is else. */
  const claim = async (key: string, token: string) => {
    const name = nameOf(key)
    const sign = await makeSign(key, token)
    const expiration = { type: 'PX', value: claimMs } as const
    return link.run('claim', (client) =>
      Promise.all([client.set(name, sign, { condition: 'NX', expiration }), client.get(name)]),
    )
  }

  /** Renews a claim until it is given up. */
  const hold = (key: string, token: string): (() => void) => {
    let isHeld = true
    const renew = (sign: Buffer | string): void => {
      const values = [token, sign, String(claimMs)]
      void link.run('claim', (client) => client.eval(renewScript, { keys: [nameOf(key)], arguments: values }))
    }
    const beat = async (): Promise<void> => {
      const sign = await makeSign(key, token)
      if (isHeld) renew(sign)
    }
    const timer = setInterval(() => void beat(), beatMs).unref()
    return () => {
      if (!isHeld) return
      isHeld = false
      clearInterval(timer)
      renew('')
    }
  }

  /** Looks until it is there, as long as signs of life go on. */
  const wait = async <T>(
    key: string,
    signal: AbortSignal,
    { first, look }: { readonly first: Sign; readonly look: () => Promise<T | undefined> },
  ): Promise<T | undefined> => {
    const until = performance.now() + longestWaitMs
    let [last, seenAt] = [first.at, performance.now()]
    for (let pause = firstPauseMs; performance.now() < until; pause = Math.min(pause * 2, longestPauseMs)) {
      await sleep(pause, undefined, { signal, ref: false })
      // Asked before looking: what was written before the claim ended is seen.
      const asked = link.run('claim', (client) => client.get(nameOf(key)))
      const [value, found] = await Promise.all([asked, look()])
      if (found !== undefined) return found
      const sign = await readSign(key, value)
      if (sign === undefined) return undefined
      if (sign.at > last) [last, seenAt] = [sign.at, performance.now()]
      else if (performance.now() - seenAt > silentMs) return undefined
    }
    return undefined
  }

  return {
    async enter(key, signal, look) {
      const token = randomUUID()
      const claiming = claim(key, token)
      const [claimed, found] = await Promise.all([claiming, look()])
      const [reply, value] = claimed ?? []
      const other = await readSign(key, value)
      const isOurs = (reply !== undefined && reply !== null) || other?.token === token
      if (isOurs) return { found, leave: hold(key, token) }
      const leave = (): void => undefined
      if (found !== undefined || other === undefined) return { found, leave }
      return { found: await wait(key, signal, { first: other, look }), leave }
    },
  }
}
