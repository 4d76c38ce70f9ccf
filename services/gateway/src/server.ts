import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Config } from '@gatehouse/config'
import { answerHealth, listen } from '@gatehouse/http'
import { createAuthenticator, sessionCookieFor } from '@gatehouse/identity'
import {
  type AuditWriter,
  createAuditWriter,
  createIdentityStore,
  createPolicyStore,
  createPool,
  type PolicyStore,
  type Pool,
} from '@gatehouse/store'
import { createLogger, createMetrics, type Logger, type Metrics } from '@gatehouse/telemetry'
import { createUpstream, createVersions } from '@gatehouse/upstream'
import { createCapabilityDecider } from './capability.ts'
import { createHandler } from './handler.ts'
import { refuseMalformed } from './malformed.ts'
import { createGatewayMetrics } from './metrics.ts'
import { createPlanner } from './plan.ts'

/** A running gateway. */
export interface Gateway {
  /** Base URL without a trailing slash. */
  readonly url: string
  /** Stops accepting, lets requests in flight finish, flushes the audit spool. Safe to call twice. */
  close(): Promise<void>
}

/** What a caller may bring along. */
export interface GatewayOverrides {
  readonly log?: Logger
}

/** Room for headers besides the URL, bytes; Node's own default for both together. */
const maxHeaderBytes = 16_384

function createHttpServer(maxUrlBytes: number) {
  return createServer({
    // Slow senders are cut off here; the time of an answer is bounded by its deadline instead.
    headersTimeout: 10_000,
    requestTimeout: 30_000,
    connectionsCheckingInterval: 1_000,
    // Longer than load balancers keep idle connections, so that none sends into one we close.
    keepAliveTimeout: 75_000,
    // A URL a little too long is answered 414, beyond that 431.
    maxHeaderSize: maxUrlBytes * 2 + maxHeaderBytes,
    insecureHTTPParser: false,
    // The handler refuses requests without one, in our own words and with an audit event.
    requireHostHeader: false,
  })
}

interface Adapters {
  readonly pool: Pool
  readonly policies: PolicyStore
  readonly audit: AuditWriter
  close(): Promise<void>
}

async function openAdapters(config: Config, log: Logger) {
  const onError = (error: unknown): void => log.warn({ detail: String(error) }, 'background fault')
  const { url } = config.database
  if (url === undefined) throw new Error('database.url or database.urlFile is required')
  const pool = createPool({ url, size: config.database.poolSize, onError })
  const identities = createIdentityStore({ pool, onError })
  const policies = createPolicyStore({ pool, maxStaleness: config.gateway.maxPolicyStaleness, onError })
  // Ready from the first request on if Postgres is there; without it the gateway starts and says that it is not ready.
  await policies.refresh().catch(onError)
  const { spoolDir: dir, level, maxBytes } = config.audit
  const closeStores = async (): Promise<void> => {
    await policies.close()
    await identities.close()
    await pool.end()
  }
  const audit = await createAuditWriter({ pool, dir, writerId: 'gateway', level, maxBytes, onError }).catch(
    async (error: unknown) => {
      await closeStores()
      throw error
    },
  )
  const close = async (): Promise<void> => {
    await audit.close()
    await closeStores()
  }
  return { pool, identities, policies, audit, close }
}

/** Why the gateway cannot take requests now. */
function createReadiness(config: Config, { policies, audit }: Adapters, isDraining: () => boolean) {
  return (): string | undefined => {
    if (isDraining()) return 'draining'
    const { refusing } = audit.stats()
    if (refusing !== undefined) return `audit log: ${refusing}`
    if (policies.staleness() > config.gateway.maxPolicyStaleness) return 'access settings are out of date'
    return undefined
  }
}

function createUpstreams(config: Config, metrics: Metrics) {
  const { maxResponseBytes, ...connections } = config.upstream
  const upstream = createUpstream({ connections, maxResponseBytes, metrics })
  return { upstream, versions: createVersions(upstream) }
}

/**
 * Composes the gateway from its configuration and starts to listen.
 * @throws Error if the address cannot be bound or the audit spool cannot be opened.
 */
export async function startGateway(config: Config, overrides: GatewayOverrides = {}): Promise<Gateway> {
  const log = overrides.log ?? createLogger({ name: 'gateway', ...config.log })
  const metrics = createMetrics()
  const adapters = await openAdapters(config, log)
  const { identities, policies, audit } = adapters
  const { upstream, versions } = createUpstreams(config, metrics)
  const { deadline, maxUrlBytes, maxBodyBytes, maxPolicyStaleness: maxStaleness, drain } = config.gateway
  const { maxResponseBytes, idleTimeout } = config.upstream
  const controlUrl = config.control.externalUrl ?? `http://${config.control.listenAddress}`
  const { authenticate } = createAuthenticator({
    store: identities,
    issuers: config.issuers,
    sessionCookieName: sessionCookieFor(controlUrl).name,
    maxStaleness,
  })
  let isDraining = false
  const handle = createHandler({
    pipeline: {
      authenticate,
      orgState: policies.get,
      byCapability: createCapabilityDecider(),
      planner: createPlanner(),
      upstream,
      versions,
    },
    audit,
    metrics: createGatewayMetrics(metrics),
    log,
    limits: { deadline, maxUrlBytes, maxBodyBytes, maxResponseBytes, idleTimeout },
    isDraining: () => isDraining,
  })
  const health = { notReady: createReadiness(config, adapters, () => isDraining), metrics }
  const dispatch = async (message: IncomingMessage, res: ServerResponse): Promise<void> => {
    const isOwn = message.url?.startsWith('/-/') === true || message.url === '/metrics'
    if (!isOwn || !(await answerHealth(message, res, health))) await handle(message, res)
  }
  const server = createHttpServer(maxUrlBytes)
  server.on('request', (message, res) => {
    dispatch(message, res).catch((error: unknown) => {
      log.error({ detail: error instanceof Error ? error.stack : String(error) }, 'a request handler failed')
      res.destroy()
    })
  })
  refuseMalformed(server, audit.append)
  const listening = await listen(server, config.gateway.listenAddress, drain).catch(
    async (error: unknown) => {
      await adapters.close()
      throw error
    },
  )
  log.info({ url: listening.url }, 'listening')
  const close = async (): Promise<void> => {
    isDraining = true
    await listening.close()
    await upstream.close()
    await adapters.close()
    log.info('stopped')
  }
  let closing: Promise<void> | undefined
  return {
    url: listening.url,
    close: () => {
      closing ??= close()
      return closing
    },
  }
}
