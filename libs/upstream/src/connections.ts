import { X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { createMaterial, type Material, type UpstreamConfig } from '@gatehouse/config'
import { GatehouseError } from '@gatehouse/errors'
import { buildConnector } from 'undici'
import type { AddressPolicy } from './addresses.ts'

/** How one base URL is reached. */
export interface Connection {
  readonly origin: string
  /** Path of the base URL, without a trailing slash. */
  readonly prefix: string
  /** Connects with the certificates of the moment, to allowed addresses only. */
  readonly connect: buildConnector.connector
  /** Credentials of the moment, as headers; the same object until they change. */
  headers(): Readonly<Record<string, string>>
}

/** How every base URL is reached. */
export interface Connections {
  /** @throws GatehouseError `unavailable` if it leads to an address that is not allowed. */
  of(url: string): Connection
}

type Rule = UpstreamConfig['connections'][number]

export interface ConnectionsDeps {
  readonly rules: readonly Rule[]
  readonly addresses: AddressPolicy
  /** Time to connect, ms. */
  readonly timeout: number
  /** Told when changed files cannot be used; the last good ones stay in force. */
  readonly onError: (error: Error) => void
}

interface TlsOptions {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly servername?: string
}

function tlsMaterial({ tls }: Rule, onError: ConnectionsDeps['onError']): Material<TlsOptions> {
  const { caFile, certFile, keyFile, serverName } = tls ?? {}
  const files = [caFile, certFile, keyFile].filter((file) => file !== undefined)
  return createMaterial(
    files,
    (contents) => {
      const text = (file: string | undefined) =>
        file === undefined ? undefined : contents[files.indexOf(file)]
      const [ca, cert, key] = [text(caFile), text(certFile), text(keyFile)]
      // OpenSSL passes over what it cannot read in a bundle.
      if (ca !== undefined) new X509Certificate(ca)
      const given = {
        ...(ca === undefined ? {} : { ca }),
        ...(cert === undefined || key === undefined ? {} : { cert, key }),
      }
      createSecureContext(given)
      return { ...given, ...(serverName === undefined ? {} : { servername: serverName }) }
    },
    onError,
  )
}

function secretIn(text: string | undefined): string {
  const value = (text ?? '').trim()
  if (value === '') throw new Error('the file is empty')
  if (!/^[\x20-\x7e]+$/.test(value)) throw new Error('holds what a header cannot')
  return value
}

function credentials(rule: Rule, onError: ConnectionsDeps['onError']): Material<Record<string, string>> {
  const { basic, bearerFile, headers } = rule
  const files = [basic?.passwordFile, bearerFile, ...headers.map((header) => header.file)].filter(
    (file) => file !== undefined,
  )
  return createMaterial(
    files,
    (contents) => {
      const secret = (file: string) => secretIn(contents[files.indexOf(file)])
      const result: Record<string, string> = {}
      if (basic !== undefined) {
        const pair = `${basic.username}:${secret(basic.passwordFile)}`
        result['authorization'] = `Basic ${Buffer.from(pair).toString('base64')}`
      }
      if (bearerFile !== undefined) result['authorization'] = `Bearer ${secret(bearerFile)}`
      for (const { name, value, file } of headers)
        result[name.toLowerCase()] = file === undefined ? secretIn(value) : secret(file)
      return result
    },
    onError,
  )
}

/** Whether a base URL begins with a rule's URL, at the border of a path segment. */
function covers(ruleUrl: string, url: string): boolean {
  const [rule, asked] = [new URL(ruleUrl), new URL(url)]
  if (rule.protocol !== asked.protocol || rule.port !== asked.port) return false
  const isHost = rule.hostname.startsWith('*.')
    ? asked.hostname.endsWith(rule.hostname.slice(1))
    : rule.hostname === asked.hostname
  const path = rule.pathname.replace(/\/$/, '')
  return isHost && (asked.pathname === path || asked.pathname.startsWith(`${path}/`))
}

/** Exact hosts before patterns, longer URLs before shorter ones. */
function bySpecificity({ url: a }: Rule, { url: b }: Rule): number {
  return Number(a.includes('//*.')) - Number(b.includes('//*.')) || b.length - a.length
}

function createConnect({ addresses, timeout }: ConnectionsDeps, tls: Material<TlsOptions> | undefined) {
  const build = (options: TlsOptions): buildConnector.connector =>
    buildConnector({
      ...options,
      timeout,
      allowH2: false,
      lookup: addresses.lookup,
      minVersion: 'TLSv1.2',
      rejectUnauthorized: true,
    })
  let made = { of: tls?.current(), connect: build(tls?.current() ?? {}) }
  const connect: buildConnector.connector = (options, callback) => {
    const now = tls?.current()
    // A connector keeps TLS sessions, which must not outlive the certificates they were made with.
    if (now !== made.of) made = { of: now, connect: build(now ?? {}) }
    try {
      addresses.checkHost(options.hostname)
    } catch (error) {
      callback(error instanceof Error ? error : new Error(String(error)), null)
      return
    }
    made.connect(options, callback)
  }
  return connect
}

const none: Readonly<Record<string, string>> = {}

/**
 * Creates what knows how base URLs are reached: TLS, credentials, allowed addresses. The files of all rules are read now, and again when
 * they change.
 * @throws Error naming a file that cannot be read or used.
 */
export function createConnections(deps: ConnectionsDeps): Connections {
  const { rules, addresses, onError } = deps
  const known = rules.toSorted(bySpecificity).map((rule) => ({
    rule,
    headers: credentials(rule, onError),
    connect: createConnect(deps, tlsMaterial(rule, onError)),
  }))
  const plain = createConnect(deps, undefined)
  return {
    of(url) {
      const { protocol, origin, pathname } = new URL(url)
      if (protocol !== 'http:' && protocol !== 'https:')
        throw new GatehouseError('internal', 'an upstream URL must be http(s)')
      addresses.checkHost(new URL(url).hostname)
      const match = known.find(({ rule }) => covers(rule.url, url))
      return {
        origin,
        prefix: pathname.replace(/\/$/, ''),
        connect: match?.connect ?? plain,
        headers: () => match?.headers.current() ?? none,
      }
    },
  }
}
