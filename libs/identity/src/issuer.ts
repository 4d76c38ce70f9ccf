import type { IssuerConfig } from '@gatehouse/config'
import type { JWTVerifyGetKey } from 'jose'
import { createDiscovery, type IssuerMetadata } from './discovery.ts'
import { createIssuerFetch, type IssuerFetch } from './issuer-fetch.ts'
import { createKeys, type KeyState } from './keys.ts'

/** One configured identity provider: how to reach it and with which keys it signs. Nothing is fetched until first use. */
export interface Issuer {
  readonly config: IssuerConfig
  readonly fetch: IssuerFetch
  /** Its metadata; throws `unavailable` while it cannot be read. */
  readonly discover: () => Promise<IssuerMetadata>
  readonly keys: JWTVerifyGetKey
  /** Reads the keys again now, whenever they were read. */
  readonly reloadKeys: () => Promise<void>
  /** How its keys are, for those who keep Gatehouse running; throws `unavailable` while nothing is known of them. */
  readonly keyState: () => Promise<KeyState>
}

/** Creates the client side of an identity provider. */
export function createIssuer(config: IssuerConfig): Issuer {
  const fetch = createIssuerFetch(config.issuer, config.endpointOrigins)
  const discover = createDiscovery(config, fetch)
  const { get, reload, state } = createKeys(discover, fetch)
  return { config, fetch, discover, keys: get, reloadKeys: reload, keyState: state }
}
