import { setTimeout as sleep } from 'node:timers/promises'
import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose'
import type { IssuerMetadata } from './discovery.ts'
import type { IssuerFetch } from './issuer-fetch.ts'

/** Keys older than this are read again before they are used: a key that the issuer withdrew verifies no longer. */
export const refreshMs = 300_000
/** How long callers wait for that; a failed reading is tried again after {@link cooldownMs}. */
const patienceMs = 2_000
/** With the issuer down, known keys keep verifying this long. */
const maxAgeMs = 86_400_000
/** An unknown `kid` makes the keys be read again, but not more often than this: a flood of them does not reach the issuer. */
const cooldownMs = 30_000

/** What is known of an issuer's keys. Times are ms since the epoch. */
export interface KeyState {
  /** When they were read last; undefined before the first time. */
  readonly readAt: number | undefined
  /** Whether the last try to read them failed. */
  readonly isFailing: boolean
  /** The keys, with the time since which this process knows them. */
  readonly keys: readonly { readonly kid: string; readonly since: number }[]
}

/** Verification keys of one issuer. */
export interface IssuerKeys {
  readonly get: JWTVerifyGetKey
  /** Reads them again now. @throws GatehouseError `unavailable`, or what the reading threw. */
  readonly reload: () => Promise<void>
  /** Reads them first if they never were. @throws GatehouseError `unavailable` while nothing is known. */
  readonly state: () => Promise<KeyState>
}

/** Notes how reading went. */
function watch(fetch: IssuerFetch, now: () => number) {
  let [readAt, isFailing]: [number | undefined, boolean] = [undefined, false]
  const watched: IssuerFetch = async (url, init) => {
    isFailing = true
    const response = await fetch(url, init)
    if (response.ok) [readAt, isFailing] = [now(), false]
    return response
  }
  return { watched, how: () => ({ readAt, isFailing }) }
}

/** Verification keys of one issuer, from the `jwks_uri` of its metadata; keys inside a token (`jwk`, `jku`, `x5u`) are never used. */
export function createKeys(
  discover: () => Promise<IssuerMetadata>,
  fetch: IssuerFetch,
  now: () => number = Date.now,
): IssuerKeys {
  let keys:
    | {
        uri: string
        get: ReturnType<typeof createRemoteJWKSet>
        askedAt: number
        reading?: Promise<void> | undefined
      }
    | undefined
  const since = new Map<string, number>()
  const { watched, how } = watch(fetch, now)
  /** While the issuer does not answer, callers go on with the keys at hand. */
  const read = async (known: NonNullable<typeof keys>): Promise<void> => {
    try {
      await known.get.reload()
      known.askedAt = now()
    } catch {
      known.askedAt = now() - refreshMs + cooldownMs
    }
    known.reading = undefined
  }
  const current = async (): Promise<ReturnType<typeof createRemoteJWKSet>> => {
    const { jwks_uri: uri } = await discover()
    if (keys?.uri !== uri) {
      const options = { cacheMaxAge: maxAgeMs, cooldownDuration: cooldownMs, [customFetch]: watched }
      keys = { uri, get: createRemoteJWKSet(new URL(uri), options), askedAt: now() }
    } else if (now() - keys.askedAt > refreshMs) {
      keys.reading ??= read(keys)
      await Promise.race([keys.reading, sleep(patienceMs, undefined, { ref: false })])
    }
    return keys.get
  }
  return {
    get: async (header, token) => (await current())(header, token),
    reload: async () => (await current()).reload(),
    state: async () => {
      const get = await current()
      if (get.jwks() === undefined) await get.reload()
      const kids = (get.jwks()?.keys ?? []).map(({ kid = '' }) => kid)
      for (const kid of since.keys()) if (!kids.includes(kid)) since.delete(kid)
      for (const kid of kids) since.set(kid, since.get(kid) ?? now())
      return { ...how(), keys: kids.map((kid) => ({ kid, since: since.get(kid) ?? now() })) }
    },
  }
}
