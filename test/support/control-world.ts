import { type Control, startControl } from '@gatehouse/control'
import { freePort } from '@gatehouse/local'
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
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** Gateway and control on one database. */
export interface ControlWorld extends GatewayWorld {
  readonly control: Control
  /** Calls control: `call('get', '/api/v1/me', { token })`. */
  call(method: string, path: string, options?: ControlCall): Promise<ControlAnswer>
}

/** Starts gateway and control on a fresh database; the orgs of the access document are managed through the API. */
export async function startControlWorld(
  options: GatewayWorldOptions & { readonly control?: object; readonly notifications?: object },
): Promise<ControlWorld> {
  const world = await startGatewayWorld(options)
  await world.sql(`update orgs set managed = 'api'`)
  const listenAddress = `127.0.0.1:${await freePort()}`
  const log = createLogger({ name: 'test', level: process.env['GATEHOUSE_TEST_LOG'] ?? 'silent' })
  const config = { ...world.config, control: { ...world.config.control, listenAddress, ...options.control } }
  const control = await startControl(config, { log })
  return {
    ...world,
    control,
    async call(method, path, { token, body, headers = {} } = {}) {
      const response = await fetch(`${control.url}${path}`, {
        method: method.toUpperCase(),
        redirect: 'manual',
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      const text = await response.text()
      const json: unknown = text === '' ? undefined : JSON.parse(text)
      const requestId = response.headers.get('x-request-id') ?? ''
      return { status: response.status, headers: response.headers, requestId, json }
    },
    async close() {
      await control.close()
      await world.close()
    },
  }
}
