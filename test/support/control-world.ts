import { parseConfig } from '@gatehouse/config'
import { type Control, startControl } from '@gatehouse/control'
import { hashSecret, newSecret, sessionCookieFor } from '@gatehouse/identity'
import { freePort } from '@gatehouse/local'
import { openSession, signIn } from '@gatehouse/store'
import { createLogger } from '@gatehouse/telemetry'
import { type GatewayWorld, type GatewayWorldOptions, startGatewayWorld } from './gateway-world.ts'

/** An answer of the control API. */
export interface ControlAnswer {
  readonly status: number
  readonly headers: Headers
  readonly requestId: string
  // oxlint-disable-next-line no-explicit-any -- tests look at any member and compare
  readonly json: any
}

/** What a call sends. */
export interface ControlCall {
  readonly token?: string
  /** From {@link ControlWorld.person}. */
  readonly cookie?: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** Gateway and control on one database. */
export interface ControlWorld extends GatewayWorld {
  readonly control: Control
  /** Calls control: `call('get', '/api/v1/me', { token })`. */
  call(method: string, path: string, options?: ControlCall): Promise<ControlAnswer>
  /** Signs a person in, in one org; their cookie and uid. */
  person(orgUid: string, subject: string, groups: readonly string[]): Promise<{ cookie: string; uid: string }>
}

/** Settings of gateway and control that differ from the defaults. */
export interface ControlWorldOptions extends GatewayWorldOptions {
  readonly control?: object
  readonly notifications?: object
}

async function signInPerson(
  { pool, config }: GatewayWorld,
  orgUid: string,
  { subject, groups }: { readonly subject: string; readonly groups: readonly string[] },
): Promise<{ cookie: string; uid: string }> {
  const identity = { issuer: 'https://idp.example.org', subject }
  const user = await signIn(pool, { ...identity, name: subject, email: undefined, groups })
  if (user === undefined) throw new Error('a new person is disabled')
  const secret = newSecret()
  await openSession(pool, {
    hash: hashSecret(secret),
    orgUid,
    userUid: user.uid,
    ...identity,
    idpSession: undefined,
    address: '127.0.0.1',
    userAgent: undefined,
    idleMs: 3_600_000,
    lifetimeMs: 3_600_000,
  })
  const { name } = sessionCookieFor(`http://${config.control.listenAddress}`)
  return { cookie: `${name}=${secret}`, uid: user.uid }
}

/** Starts gateway and control on a fresh database; the orgs of the access document are managed through the API. */
export async function startControlWorld(options: ControlWorldOptions): Promise<ControlWorld> {
  const world = await startGatewayWorld(options)
  await world.sql(`update orgs set managed = 'api'`)
  const listenAddress = `127.0.0.1:${await freePort()}`
  const log = createLogger({ name: 'test', level: process.env['GATEHOUSE_TEST_LOG'] ?? 'silent' })
  const { notifications } = parseConfig(
    JSON.stringify({ database: {}, notifications: options.notifications ?? {} }),
  )
  const config = {
    ...world.config,
    notifications,
    // One person asks here thousands of times.
    control: {
      ...world.config.control,
      listenAddress,
      principalRate: { perSecond: 10_000, burst: 100_000 },
      ...options.control,
    },
  }
  const control = await startControl(config, { log })
  return {
    ...world,
    control,
    async call(method, path, { token, cookie, body, headers = {} } = {}) {
      const response = await fetch(`${control.url}${path}`, {
        method: method.toUpperCase(),
        redirect: 'manual',
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(cookie === undefined ? {} : { cookie, 'sec-fetch-site': 'same-origin' }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      const text = await response.text()
      const isJson = response.headers.get('content-type')?.includes('json') === true
      const json: unknown = isJson && text !== '' ? JSON.parse(text) : undefined
      const requestId = response.headers.get('x-request-id') ?? ''
      return { status: response.status, headers: response.headers, requestId, json }
    },
    person: (orgUid, subject, groups) => signInPerson(world, orgUid, { subject, groups }),
    async close() {
      await control.close()
      await world.close()
    },
  }
}
