import type { WorkerPlace } from '@gatehouse/cache'
import type { Config } from '@gatehouse/config'
import {
  type AuditWriter,
  createIdentityStore,
  createPolicyRecorder,
  createPolicyStore,
  createPool,
  openAuditWriter,
  type IdentityStore,
  type PolicyStore,
  type Pool,
} from '@gatehouse/store'
import type { Logger } from '@gatehouse/telemetry'

/** What the gateway keeps open towards Postgres and the disk. */
export interface Adapters {
  readonly identities: IdentityStore
  readonly policies: PolicyStore
  readonly pool: Pool
  readonly audit: AuditWriter
  /** Ships what the spool holds, for some seconds at most, and disconnects. */
  close(): Promise<void>
}

/**
 * Opens stores and audit spool. Without Postgres the gateway starts all the same, and says that it is not ready.
 * @throws Error if the audit spool cannot be opened.
 */
export async function openAdapters(
  config: Config,
  log: Logger,
  worker: WorkerPlace | undefined,
): Promise<Adapters> {
  const onError = (error: unknown): void => log.warn({ detail: String(error) }, 'background fault')
  const { url } = config.database
  if (url === undefined) throw new Error('database.url or database.urlFile is required')
  const pool = createPool({ url, size: config.database.poolSize, onError })
  const identities = createIdentityStore({ pool, onError })
  // Each process has a spool of its own; together they hold what the configuration allows.
  const writer = worker === undefined ? 'gateway' : `gateway-${worker.slot + 1}`
  const { onLoad, start: recordPolicies } = createPolicyRecorder(writer, onError)
  const { maxPolicyStaleness: maxStaleness } = config.gateway
  const policies = createPolicyStore({ pool, maxStaleness, onLoad, onError })
  // Ready from the first request on, if Postgres is there.
  await policies.refresh().catch(onError)
  const closeStores = async (): Promise<void> => {
    await policies.close()
    await identities.close()
    await pool.end()
  }
  const maxBytes = Math.ceil(config.audit.maxBytes / (worker?.count ?? 1))
  const audit = await openAuditWriter({ ...config.audit, maxBytes }, writer, { pool, onError }).catch(
    async (error: unknown) => {
      await closeStores()
      throw error
    },
  )
  recordPolicies(audit.append)
  const close = async (): Promise<void> => {
    await audit.close()
    await closeStores()
  }
  return { identities, policies, pool, audit, close }
}
