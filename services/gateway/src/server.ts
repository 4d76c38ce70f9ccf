import { metricsHandlers, openCache, type OpenCache, pageOfMetrics, type WorkerPlace } from '@gatehouse/cache'
import { type Config, controlUrlOf, createNetworks } from '@gatehouse/config'
import { clientAddress, type Drain, listen } from '@gatehouse/http'
import {
  createAuthenticator,
  createRefusals,
  refusedRate,
  sessionCookieFor,
  slowingGuesses,
} from '@gatehouse/identity'
import { listReachedByOthers, withOrg } from '@gatehouse/store'
import { createLogger, createMetrics, type Logger, type Metrics } from '@gatehouse/telemetry'
import { findAlias } from '@gatehouse/upstream'
import { type Adapters, openAdapters } from './adapters.ts'
import { withoutAliases } from './aliases.ts'
import { createCachedExecution } from './cached/answer-cached.ts'
import type { StreamedAnswer } from './cached/fetch.ts'
import { createQueryReader, type QueryReader } from './cached/read-query.ts'
import { createPolicyChecks } from './backends.ts'
import { createCapabilityDecider } from './capability.ts'
import { createHandler } from './handler.ts'
import { createDataPlane } from './http-server.ts'
import { createGatewayMetrics } from './metrics.ts'
import { createLimiting } from './limits/limiting.ts'
import type { Stops } from './limits/stops.ts'
import { openOperators } from './operators.ts'
import type { Deps } from './pipeline.ts'
import { watchLoop } from './loop-watch.ts'
import { createMerger } from './merging/merger.ts'
import { createPlanner } from './plan.ts'
import { createUpstreams } from './upstreams.ts'

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
  /** Which of several processes this is. */
  readonly worker?: WorkerPlace
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

interface Running {
  readonly upstreams: ReturnType<typeof createUpstreams>
  readonly cache: OpenCache<StreamedAnswer>
  readonly read: QueryReader
  readonly stops: Stops
  readonly log: Logger
}

function createPipeline(
  config: Config,
  { identities, policies, pool }: Adapters,
  { upstreams, cache, read, stops, log }: Running,
): Deps {
  const { authenticate } = createAuthenticator({
    store: identities,
    issuers: config.issuers,
    sessionCookieName: sessionCookieFor(controlUrlOf(config)).name,
    maxStaleness: config.gateway.maxPolicyStaleness,
  })
  const planner = createPlanner()
  return {
    merger: createMerger(),
    authenticate: slowingGuesses(
      authenticate,
      createRefusals(refusedRate, () => performance.now()),
    ),
    orgState: withoutAliases({
      orgState: policies.get,
      reachedByOthers: (orgUid, label) => withOrg(pool, orgUid, (tx) => listReachedByOthers(tx, label)),
      findAlias,
      onError: (error) => log.warn({ detail: String(error) }, 'names of servers could not be compared'),
    }),
    byCapability: createCapabilityDecider(),
    consoleUrl: controlUrlOf(config),
    planner,
    ...upstreams,
    policyChecks: createPolicyChecks(upstreams.upstream),
    cached: createCachedExecution({
      results: cache.results,
      config: config.cache,
      planner,
      read,
    }),
    limiting: createLimiting({ config: config.limits, ...cache, read, stops }),
  }
}

function drainOf({ gateway: { notReadyFor, drain } }: Config): Drain {
  return { notReadyMs: notReadyFor, graceMs: drain }
}

function dropStream({ body, end }: StreamedAnswer, reason: Error): void {
  body.abort(reason)
  end()
}

/** The metrics of all workers, whichever is asked. */
async function metricsPage(own: Metrics, { primary }: OpenCache<StreamedAnswer>): Promise<string> {
  const page = await primary?.peer?.call(pageOfMetrics, { value: undefined }).catch(() => undefined)
  return page === undefined ? own.metrics() : String(page.value)
}

/**
 * Composes the gateway from its configuration and starts to listen.
 * @throws Error if the address cannot be bound or the audit spool cannot be opened.
 */
export async function startGateway(config: Config, overrides: GatewayOverrides = {}): Promise<Gateway> {
  const log = overrides.log ?? createLogger({ name: 'gateway', ...config.log })
  const metrics = createMetrics()
  const upstreams = createUpstreams(config, { metrics, log })
  const { worker } = overrides
  const adapters = await openAdapters(config, log, worker)
  const { audit } = adapters
  const cache = await openCache<StreamedAnswer>({
    cache: config.cache,
    limits: config.limits,
    metrics,
    log,
    worker,
    handlers: metricsHandlers(metrics),
    drop: dropStream,
  })
  const read = createQueryReader()
  const operators = openOperators({
    pool: adapters.pool,
    running: cache.running,
    slowSeconds: config.limits.slowQuery / 1000,
    log,
  })
  const { stops, statistics } = operators
  const pipeline = createPipeline(config, adapters, { log, upstreams, cache, read, stops })
  const { deadline, maxUrlBytes, maxBodyBytes, listenAddress, tls } = config.gateway
  const loop = watchLoop()
  const proxies = createNetworks(config.gateway.trustProxy)
  const { maxResponseBytes, idleTimeout } = config.upstream
  const limits = { deadline, maxUrlBytes, maxBodyBytes, maxResponseBytes, idleTimeout }
  let closing: Promise<void> | undefined
  const isDraining = (): boolean => closing !== undefined
  const gatewayMetrics = createGatewayMetrics(metrics, audit)
  const handle = createHandler({
    pipeline,
    audit,
    metrics: gatewayMetrics,
    statistics,
    read,
    log,
    limits,
    isDraining,
    isOverloaded: () => loop.delay > config.gateway.maxLoopDelay,
    addressOf: (message) => clientAddress(message, proxies),
  })
  const page = { contentType: metrics.contentType, metrics: () => metricsPage(metrics, cache) }
  const health = { notReady: createReadiness(config, adapters, isDraining), metrics: page }
  const server = createDataPlane({ maxUrlBytes, tls, health, handle, append: audit.append, log })
  const closeAdapters = async (): Promise<void> => {
    loop.close()
    await pipeline.merger.close()
    await pipeline.upstream.close()
    await pipeline.alertmanagers.close()
    await cache.close()
    await operators.close()
    await adapters.close()
  }
  const listening = await listen(server, listenAddress, drainOf(config)).catch(async (error: unknown) => {
    await closeAdapters()
    throw error
  })
  log.info({ url: listening.url }, 'listening')
  const close = async (): Promise<void> => {
    await listening.close()
    await closeAdapters()
    log.info('stopped')
  }
  return {
    url: listening.url,
    close: () => {
      closing ??= close()
      return closing
    },
  }
}
