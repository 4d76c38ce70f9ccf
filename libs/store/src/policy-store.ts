import { GatehouseError, toGatehouseError } from '@gatehouse/errors'
import { storeError } from './errors.ts'
import { listen } from './listen.ts'
import type { Pool } from './pool.ts'
import { type OrgSnapshot, policyVersionOf, readSnapshot } from './snapshot.ts'
import { withOrg } from './transaction.ts'

/** Snapshots of orgs as one process sees them: current within seconds, or none. */
export interface PolicyStore {
  /**
   * The org's current snapshot: the same object as long as nothing changes.
   * @throws GatehouseError `unavailable` if Postgres was out of reach for longer than allowed, or a known change cannot be read;
   *   `not_found` if the org does not exist.
   */
  get(orgUid: string): Promise<OrgSnapshot>
  /** ms since all versions were last known to be current; Infinity before the first contact. */
  staleness(): number
  /** Asks Postgres now; resolves when every cached org is known to be current. Rejects as `get`. */
  refresh(): Promise<void>
  close(): Promise<void>
}

/** What a policy store is made of. */
export interface PolicyStoreOptions {
  readonly pool: Pool
  /** Without contact to Postgres for longer, `get` fails closed; ms. */
  readonly maxStaleness: number
  /** How often versions are compared even if no notification came; ms, default 3,000. */
  readonly pollInterval?: number
  /** Told of every snapshot that was read, and of every one that could not be. */
  readonly onLoad?: (load: PolicyLoad) => void
  /** Faults in the background; the store mends itself. */
  readonly onError?: (error: Error) => void
}

/** An org's access settings that this process took up, or could not. */
export interface PolicyLoad {
  readonly orgUid: string
  readonly version?: string
  readonly error?: Error
}

const defaultPollMs = 3_000

async function readVersions(pool: Pool): Promise<ReadonlyMap<string, string>> {
  try {
    const { rows } = await pool.query<{ org_uid: string; version: string }>(
      'select org_uid, version from policy_versions()',
    )
    return new Map(rows.map(({ org_uid, version }) => [org_uid, policyVersionOf(version)]))
  } catch (error) {
    throw storeError(error)
  }
}

/** The cached snapshots; knows which are out of date, and reads each once however many ask. */
function createSnapshots(pool: Pool, onLoad: (load: PolicyLoad) => void) {
  const current = new Map<string, OrgSnapshot>()
  const changed = new Set<string>()
  const reading = new Map<string, Promise<OrgSnapshot>>()

  const read = async (orgUid: string): Promise<OrgSnapshot> => {
    try {
      for (;;) {
        // A change that is notified while this reads may or may not be in it: then it reads once more.
        changed.delete(orgUid)
        const snapshot = await withOrg(pool, orgUid, readSnapshot, { readOnly: true })
        current.set(orgUid, snapshot)
        onLoad({ orgUid, version: snapshot.policy.version })
        if (!changed.has(orgUid)) return snapshot
      }
    } catch (error) {
      const fault = toGatehouseError(error)
      if (fault.code === 'not_found') current.delete(orgUid)
      else {
        changed.add(orgUid)
        onLoad({ orgUid, error: fault })
      }
      throw error
    }
  }
  return {
    current,
    changed,
    get(orgUid: string): OrgSnapshot | Promise<OrgSnapshot> {
      const known = changed.has(orgUid) ? undefined : current.get(orgUid)
      if (known !== undefined) return known
      const running = reading.get(orgUid) ?? read(orgUid).finally(() => reading.delete(orgUid))
      reading.set(orgUid, running)
      return running
    },
  }
}

/** Creates the policy store of one process; it starts to listen at once and must be closed. */
export function createPolicyStore(options: PolicyStoreOptions): PolicyStore {
  const { pool, maxStaleness, pollInterval = defaultPollMs, onError = () => undefined } = options
  const snapshots = createSnapshots(pool, options.onLoad ?? (() => undefined))
  let contactAt = Number.NEGATIVE_INFINITY
  let timer: NodeJS.Timeout | undefined
  let isClosed = false

  const report = (error: unknown): void => onError(toGatehouseError(error))
  const noteChange = (orgUid: string): void => {
    if (!snapshots.current.has(orgUid)) return
    snapshots.changed.add(orgUid)
    void Promise.resolve(snapshots.get(orgUid)).catch(report)
  }
  const staleness = (): number => performance.now() - contactAt
  const refresh = async (): Promise<void> => {
    const askedAt = performance.now()
    const versions = await readVersions(pool)
    for (const [orgUid, { policy }] of snapshots.current) {
      if (versions.get(orgUid) !== policy.version) noteChange(orgUid)
    }
    contactAt = Math.max(contactAt, askedAt)
    const changed = [...snapshots.changed].map(async (orgUid) => snapshots.get(orgUid))
    await Promise.allSettled(changed)
  }
  const poll = async (): Promise<void> => {
    await refresh().catch(report)
    if (!isClosed) timer = setTimeout(() => void poll(), pollInterval)
  }
  void poll()
  const listening = listen(pool, 'gatehouse_policy_version', {
    onNotification: noteChange,
    onConnected: () => void refresh().catch(report),
    onError: report,
  })

  return {
    staleness,
    refresh,
    async get(orgUid) {
      if (contactAt === Number.NEGATIVE_INFINITY) await refresh()
      if (staleness() > maxStaleness)
        throw new GatehouseError('unavailable', 'access settings are out of date and cannot be read', {
          retryAfter: 1,
        })
      return snapshots.get(orgUid)
    },
    async close() {
      isClosed = true
      clearTimeout(timer)
      await listening.close()
    },
  }
}
