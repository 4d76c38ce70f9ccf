import { BlockList, isIP } from 'node:net'
import { GatehouseError } from '@gatehouse/errors'
import { createMemo } from './memo.ts'
import type { IdentityStore, ServiceAccountTokenRecord } from './model.ts'
import { invalidCredentials, type RecognisedServiceAccount } from './recognised.ts'
import { isSameHash } from './secret.ts'
import { hashServiceAccountToken } from './service-account-token.ts'

/** Whether an address is in one of the networks; IPv4 in IPv6 form counts as IPv4. No networks means any address. */
function isInside(address: string | undefined, cidrs: readonly string[]): boolean {
  if (cidrs.length === 0) return true
  const plain = (address ?? '').replace(/^::ffff:(?=\d+\.)/i, '')
  const family = isIP(plain)
  if (family === 0) return false
  const networks = new BlockList()
  for (const cidr of cidrs) {
    const [network = '', bits = ''] = cidr.split('/')
    networks.addSubnet(network, Number(bits), isIP(network) === 6 ? 'ipv6' : 'ipv4')
  }
  return networks.check(plain, family === 6 ? 'ipv6' : 'ipv4')
}

/** Recognises service-account tokens. A token whose checksum is wrong costs no look-up. */
export function createServiceAccountRecogniser(
  store: Pick<IdentityStore, 'findServiceAccountToken' | 'touch'>,
  maxStaleness: number,
  now: () => number,
): (token: string, remoteAddress: string | undefined) => Promise<RecognisedServiceAccount> {
  const memo = createMemo<{ record: ServiceAccountTokenRecord | undefined }>(maxStaleness, now)
  return async (token, remoteAddress) => {
    const hash = hashServiceAccountToken(token)
    if (hash === undefined) throw invalidCredentials()
    const { record } = await memo.get(hash, async () => {
      const found = await store.findServiceAccountToken(hash)
      if (found !== undefined) store.touch('token', hash)
      return { record: found }
    })
    if (record === undefined || !isSameHash(record.hash, hash) || record.expiresAt <= now())
      throw invalidCredentials()
    if (!isInside(remoteAddress, record.sourceCidrs)) throw invalidCredentials()
    return { kind: 'service-account', record }
  }
}

/**
 * Narrows an account to the teams named in a Basic username, `team-a` or `team-a|team-b`. An empty username narrows nothing.
 * @throws GatehouseError `unauthenticated` for a team that is not the account's.
 */
export function narrowToScope(found: RecognisedServiceAccount, scope: string): RecognisedServiceAccount {
  if (scope === '') return found
  const teams = scope.split('|')
  if (!teams.every((team) => found.record.teams.includes(team)))
    throw new GatehouseError('unauthenticated', "the Basic username names a team that is not the account's")
  return { ...found, record: { ...found.record, teams } }
}
