import { lookup as lookUp, type LookupAddress } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { createNetworks, isNetwork, type Networks } from '@gatehouse/config'
import { GatehouseError } from '@gatehouse/errors'

/** Which addresses upstreams may have. */
export interface AddressPolicy {
  /** Checks a URL as far as it says where it leads. @throws GatehouseError `bad_data` */
  checkUrl(url: string): void
  /**
   * Checks a URL and what its host resolves to now. A host that does not resolve is let through: every connection is checked again.
   * @throws GatehouseError `bad_data`
   */
  check(url: string): Promise<void>
  /** Checks a host, if it is an address, before a connection to it. @throws GatehouseError `unavailable` */
  checkHost(host: string): void
  /** Looks up the addresses of a connection and fails if one of them is refused, so that no answer of a name server leads elsewhere. */
  readonly lookup: LookupFunction
}

/**
 * What nobody has a Prometheus on: link-local addresses with the metadata services of clouds (169.254.169.254, fd00:ec2::254,
 * 100.100.100.200, 192.0.0.192, 168.63.129.16), "this host" as an address, multicast and broadcast.
 */
const never = [
  '169.254.0.0/16',
  'fe80::/10',
  'fd00:ec2::/32',
  'fd20:ce::254',
  '100.100.100.200',
  '192.0.0.192',
  '168.63.129.16',
  '0.0.0.0/8',
  '::/128',
  '224.0.0.0/4',
  '255.255.255.255',
  'ff00::/8',
] as const

function bitsOf(network: string): number {
  const [address = '', bits] = network.split('/')
  return bits === undefined ? (isIP(address) === 6 ? 128 : 32) : Number(bits)
}

/** The IPv4 address that an IPv6 one stands for: NAT64 and 6to4 (mapped ones are known to {@link Networks}). */
function embedded(address: string): string {
  const nat64 = /^64:ff9b::(?:(\d+\.\d+\.\d+\.\d+)|([0-9a-f]{1,4}):([0-9a-f]{1,4}))$/i.exec(address)
  const sixToFour = /^2002:([0-9a-f]{1,4}):([0-9a-f]{1,4}):/i.exec(address)
  const [high, low] = nat64 === null ? (sixToFour?.slice(1) ?? []) : nat64.slice(2)
  if (nat64?.[1] !== undefined) return nat64[1]
  if (high === undefined || low === undefined) return address
  const [a, b] = [Number.parseInt(high, 16), Number.parseInt(low, 16)]
  return [a >> 8, a & 255, b >> 8, b & 255].join('.')
}

function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[|\]$/g, '')
}

function matchesHost(pattern: string, host: string): boolean {
  return pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern
}

/** Networks of the list that lie within a refused one: only they lift the refusal, `0.0.0.0/0` does not. */
function liftingOf(networks: readonly string[]): Networks {
  const isWithin = (network: string): boolean =>
    never.some(
      (refused) =>
        bitsOf(network) >= bitsOf(refused) && createNetworks([refused]).has(network.split('/')[0] ?? ''),
    )
  return createNetworks(networks.filter(isWithin))
}

/** Resolves a host, for at most two seconds; nothing if that fails. */
function resolve(host: string): Promise<readonly LookupAddress[]> {
  return new Promise((settle) => {
    const timer = setTimeout(() => settle([]), 2_000)
    lookUp(host, { all: true }, (error, addresses) => {
      clearTimeout(timer)
      settle(error === null ? addresses : [])
    })
  })
}

/** One text for every way to write an address; all of loopback is this machine. */
function machineOf(address: string): string {
  const bare = address.replace(/%.*$/, '')
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(bare)
  const hex = mapped?.slice(1).map((part) => Number.parseInt(part, 16))
  const plain = hex?.flatMap((part) => [part >> 8, part & 255]).join('.') ?? embedded(bare)
  const target = plain.replace(/^::ffff:(?=\d+\.)/i, '')
  return target === '::1' || target.startsWith('127.') ? 'loopback' : target
}

async function machinesOf(host: string): Promise<ReadonlySet<string>> {
  const found = isIP(host) === 0 ? await resolve(host) : [{ address: host }]
  return new Set(found.map(({ address }) => machineOf(address)))
}

/** The first of these servers (`host:port`) that a URL leads to, whatever it calls it; undefined if it leads to none of them now. */
export async function findAlias(url: string, servers: readonly string[]): Promise<string | undefined> {
  const { port, protocol } = new URL(url)
  const wanted = `:${port === '' ? (protocol === 'https:' ? 443 : 80) : port}`
  const candidates = servers.filter((server) => server.endsWith(wanted))
  if (candidates.length === 0) return undefined
  const own = await machinesOf(hostOf(url))
  const others = await Promise.all(
    candidates.map((server) => machinesOf(server.slice(0, -wanted.length).replace(/^\[|\]$/g, ''))),
  )
  return candidates.find((_server, i) => [...(others[i] ?? [])].some((machine) => own.has(machine)))
}

/**
 * Creates the policy of `upstream.allowedAddresses`.
 * @param allowed IP addresses, CIDRs and host patterns; none allows all but what is always refused.
 */
export function createAddressPolicy(allowed: readonly string[]): AddressPolicy {
  const networks = allowed.filter(isNetwork)
  const hosts = allowed.filter((entry) => !isNetwork(entry))
  const refused = createNetworks(never)
  const lifting = liftingOf(networks)
  const listed = createNetworks(networks)
  const isNamed = (host: string): boolean => hosts.some((pattern) => matchesHost(pattern, host.toLowerCase()))

  const admits = (host: string, address: string): boolean => {
    const target = embedded(address.replace(/%.*$/, ''))
    if (lifting.has(target)) return true
    if (refused.has(target)) return false
    return allowed.length === 0 || listed.has(target) || isNamed(host)
  }
  const refusal = (): GatehouseError =>
    new GatehouseError('bad_data', 'this address is not allowed for upstreams (upstream.allowedAddresses)')
  const checkUrl = (url: string): void => {
    const host = hostOf(url)
    const isAddress = isIP(host) !== 0
    if (isAddress && !admits(host, host)) throw refusal()
    if (!isAddress && allowed.length > 0 && networks.length === 0 && !isNamed(host)) throw refusal()
  }
  const unreachable = (host: string): GatehouseError =>
    new GatehouseError('unavailable', 'the shard that holds this data is unavailable', {
      detail: `upstream.allowedAddresses does not allow what ${host} leads to`,
    })

  return {
    checkUrl,
    async check(url) {
      checkUrl(url)
      const host = hostOf(url)
      if (isIP(host) !== 0) return
      const addresses = await resolve(host)
      if (addresses.some(({ address }) => !admits(host, address))) throw refusal()
    },
    checkHost(host) {
      const bare = host.replace(/^\[|\]$/g, '')
      if (isIP(bare) !== 0 && !admits(bare, bare)) throw unreachable(host)
    },
    lookup(host, options, callback) {
      lookUp(host, { ...options, all: true }, (error, addresses) => {
        const [first] = addresses ?? []
        if (error !== null || first === undefined) callback(error, [])
        else if (addresses.some(({ address }) => !admits(host, address))) callback(unreachable(host), [])
        else if (options.all === true) callback(null, addresses)
        else callback(null, first.address, first.family)
      })
    },
  }
}
