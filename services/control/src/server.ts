import { X509Certificate } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { type Config, createMaterial, gatewayUrlOf, type Material } from '@gatehouse/config'
import { renderProblem } from '@gatehouse/errors'
import {
  answerHealth,
  createHttpServer,
  type Health,
  listen,
  type Listening,
  readableTarget,
  refuseMalformed,
} from '@gatehouse/http'
import {
  beginSessionCheck,
  closeSession,
  createChangeRecorder,
  createIdentityStore,
  createPolicyRecorder,
  createPolicyStore,
  createPool,
  endSessionCheck,
  extendSession,
  findProvisioner,
  findSealed,
  findSessionEnds,
  keepLoginAttempt,
  openAuditWriter,
  openSession,
  orgsWithEndings,
  type Pool,
  pruneSessions,
  rehearseAccess,
  revokeSessionsOf,
  signIn,
  startKeeperFromConfig,
  takeLocalAdminCode,
  takeLoginAttempt,
  takeNotices,
  withOrg,
} from '@gatehouse/store'
import { createLogger, createMetrics, type Logger, registerAuditSpool } from '@gatehouse/telemetry'
import { createAddressPolicy, findAlias } from '@gatehouse/upstream'
import { type ControlDeps, createControl } from './app.ts'
import { registerAuditStatus } from './audit-metrics.ts'
import { createAuditLog } from './features/audit/store.ts'
import { watchEndings } from './endings/watch.ts'
import { createDelivery } from './notices/deliver.ts'
import { createNoticeSender } from './notices/sender.ts'
import { createNoticeSettler } from './notices/settle.ts'

/** A running control plane. */
export interface Control {
  /** Base URL without a trailing slash. */
  readonly url: string
  /** Stops accepting, lets requests in flight finish, flushes the audit spool. Safe to call twice. */
  close(): Promise<void>
}

/** What a caller may bring along. */
export interface ControlOverrides {
  readonly log?: Logger
}

const pruneEveryMs = 3_600_000
/** Ended sessions are kept for a while, for whoever asks where they had been signed in. */
const keepEndedMs = 7 * 86_400_000
const consoleDir = fileURLToPath(new URL('../../console/dist', import.meta.url))

/** The stores' functions under the names that authentication and sign-in know. */
function createControlStore(pool: Pool, onError: (error: Error) => void) {
  const identities = createIdentityStore({ pool, onError })
  const store: ControlDeps['store'] = {
    ...identities,
    signIn: (identity) => signIn(pool, identity),
    openSession: (session) => openSession(pool, session),
    closeSession: (hash) => closeSession(pool, hash),
    closeSessionsOf: (message) => revokeSessionsOf(pool, message),
  }
  const attempts: ControlDeps['attempts'] = {
    keep: (stateHash, attempt, lifetimeMs) => keepLoginAttempt(pool, stateHash, attempt, lifetimeMs),
    take: (stateHash) => takeLoginAttempt(pool, stateHash),
  }
  const changes: ControlDeps['changes'] = {
    withOrg: (orgUid, work) => withOrg(pool, orgUid, work),
    record: createChangeRecorder(),
  }
  const sessions: ControlDeps['sessions'] = {
    sessionEnds: (hash) => findSessionEnds(pool, hash),
    extendSession: (hash) => extendSession(pool, hash),
    sealedOf: (hash) => findSealed(pool, hash),
    begin: (hash) => beginSessionCheck(pool, hash),
    end: (hash, answer) => endSessionCheck(pool, hash, answer),
  }
  const rehearse: ControlDeps['rehearse'] = (document, period, onProgress) =>
    rehearseAccess(pool, document, period, onProgress)
  const provisioner: ControlDeps['findProvisioner'] = (hash) => findProvisioner(pool, hash)
  const takeLocalAdmin: ControlDeps['takeLocalAdminCode'] = (hash) => takeLocalAdminCode(pool, hash)
  return {
    store,
    attempts,
    changes,
    sessions,
    rehearse,
    provisioner,
    takeLocalAdmin,
    close: identities.close,
  }
}

async function openAdapters(config: Config, log: Logger) {
  const onError = (error: unknown): void => log.warn({ detail: String(error) }, 'background fault')
  const { url } = config.database
  if (url === undefined) throw new Error('database.url or database.urlFile is required')
  const pool = createPool({ url, size: config.database.poolSize, onError })
  const {
    store,
    attempts,
    changes,
    sessions,
    rehearse,
    provisioner,
    takeLocalAdmin,
    close: closeIdentities,
  } = createControlStore(pool, onError)
  const { onLoad, start: recordPolicies } = createPolicyRecorder('control', onError)
  const { maxPolicyStaleness: maxStaleness } = config.gateway
  const policies = createPolicyStore({ pool, maxStaleness, onLoad, onError })
  const closeStores = async (): Promise<void> => {
    await policies.close()
    await closeIdentities()
    await pool.end()
  }
  const audit = await openAuditWriter(config.audit, 'control', { pool, onError }).catch(
    async (error: unknown) => {
      await closeStores()
      throw error
    },
  )
  recordPolicies(audit.append)
  const keeper = startKeeperFromConfig(config.audit, { pool, append: audit.append, onError })
  const notices = createNoticeSender(
    {
      take: (atMost) => takeNotices(pool, atMost),
      settle: createNoticeSettler(changes),
    },
    createDelivery(config.notifications),
    log,
  )
  const endings = watchEndings({ orgs: () => orgsWithEndings(pool), ...changes }, onError)
  const prune = setInterval(() => {
    pruneSessions(pool, Date.now() - keepEndedMs).catch(onError)
  }, pruneEveryMs)
  prune.unref()
  const auditLog = createAuditLog(config.audit, { pool, audit, record: changes.record })
  const close = async (): Promise<void> => {
    clearInterval(prune)
    await endings.close()
    await notices.close()
    await keeper.close()
    await audit.close()
    await closeStores()
  }
  return {
    pool,
    store,
    attempts,
    changes,
    sessions,
    rehearse,
    provisioner,
    takeLocalAdmin,
    policies,
    audit,
    notices,
    auditLog,
    close,
  }
}

type Adapters = Awaited<ReturnType<typeof openAdapters>>

/** Why control cannot take requests now. */
function createReadiness(config: Config, { policies, audit }: Adapters, isDraining: () => boolean) {
  return (): string | undefined => {
    if (isDraining()) return 'draining'
    const { refusing } = audit.stats()
    if (refusing !== undefined) return `audit log: ${refusing}`
    if (policies.staleness() > config.gateway.maxPolicyStaleness) return 'access settings are out of date'
    return undefined
  }
}

/** @throws Error naming the file if it cannot be read or holds no certificate. */
function trustedCa(file: string | undefined, log: Logger): Material<string> | undefined {
  if (file === undefined) return undefined
  const check = ([pem = '']: readonly string[]): string => {
    new X509Certificate(pem)
    return pem
  }
  return createMaterial([file], check, (error) =>
    log.error({ detail: error.message }, 'control.gatewayCaFile could not be read again'),
  )
}

function depsOf(config: Config, adapters: Adapters, log: Logger): ControlDeps {
  const gatewayUrl = gatewayUrlOf(config)
  return {
    config: config.control,
    issuers: config.issuers,
    store: adapters.store,
    attempts: adapters.attempts,
    changes: adapters.changes,
    sessions: adapters.sessions,
    rehearse: adapters.rehearse,
    findProvisioner: adapters.provisioner,
    takeLocalAdminCode: adapters.takeLocalAdmin,
    notifications: config.notifications,
    wakeNotices: adapters.notices.wake,
    policyOf: async (orgUid) => (await adapters.policies.get(orgUid)).policy,
    appendAudit: adapters.audit.append,
    auditLog: adapters.auditLog,
    gatewayUrl,
    limits: config.limits,
    checkAddress: createAddressPolicy(config.upstream.allowedAddresses).check,
    findAlias,
    gatewayCa: trustedCa(config.control.gatewayCaFile, log),
    gatewayExternalUrl: config.gateway.externalUrl ?? gatewayUrl,
    consoleDir,
    maxStaleness: config.gateway.maxPolicyStaleness,
    logger: log,
  }
}

interface ControlServerDeps {
  readonly health: Health
  readonly append: ControlDeps['appendAudit']
  readonly log: Logger
}

/** The HTTP server; what it serves is given once its address is known. */
function createControlServer({ control }: Config, { health, append, log }: ControlServerDeps) {
  let app: ReturnType<typeof createControl> | undefined
  const server = createHttpServer({
    // The application refuses requests without a host, with an audit event.
    options: { headersTimeout: 10_000, requestTimeout: 30_000, requireHostHeader: false },
    tls: control.tls,
    onError: (error) => log.error({ detail: error.message }, 'the certificate could not be read again'),
  })
  server.on('request', (request, response) => {
    request.url = readableTarget(request.url ?? '')
    answerHealth(request, response, health)
      .then((answered) => {
        if (!answered) app?.(request, response)
      })
      .catch((error: unknown) => {
        log.error({ err: error }, 'a request handler failed')
        response.destroy()
      })
  })
  refuseMalformed(server, {
    append,
    codes: { malformed: 'V004E', notServed: 'V002D' },
    render: renderProblem,
  })
  const serve = (ready: ReturnType<typeof createControl>): void => {
    app = ready
  }
  return { server, serve }
}

/**
 * Composes the control plane from its configuration and starts to listen. An identity provider that is down does not stop it.
 * @throws Error if the address cannot be bound, the audit spool cannot be opened, or the external URL is not allowed.
 */
export async function startControl(config: Config, overrides: ControlOverrides = {}): Promise<Control> {
  const log = overrides.log ?? createLogger({ name: 'control', ...config.log })
  const adapters = await openAdapters(config, log)
  let listening: Listening | undefined
  const isDraining = (): boolean => listening?.isDraining() ?? false
  const metrics = createMetrics()
  registerAuditSpool(metrics, adapters.audit)
  registerAuditStatus(metrics, adapters.pool)
  const health: Health = { metrics, notReady: createReadiness(config, adapters, isDraining) }
  const { server, serve } = createControlServer(config, { health, append: adapters.audit.append, log })
  try {
    listening = await listen(server, config.control.listenAddress, {
      notReadyMs: config.gateway.notReadyFor,
      graceMs: config.gateway.drain,
    })
    // The application must know its own address, which port 0 leaves open until now.
    serve(createControl(depsOf(config, adapters, log), config.control.externalUrl ?? listening.url))
  } catch (error) {
    await listening?.close()
    await adapters.close()
    throw error
  }
  const { url, close: stopListening } = listening
  log.info({ url }, 'listening')
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => {
    closing ??= stopListening().then(adapters.close)
    return closing
  }
  return { url, close }
}
