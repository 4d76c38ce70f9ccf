import type { EventCode, EventProof } from '@gatehouse/audit'
import { authorize, type Principal, type Resource } from '@gatehouse/authz'
import { GatehouseError } from '@gatehouse/errors'
import type { RouteInput, Trail } from '@gatehouse/http'
import type {
  AuditScope,
  AuditTransaction,
  AuditWriterStats,
  ExportJob,
  LabelValueKey,
  RecordChange,
} from '@gatehouse/store'
import { z } from 'zod'
import { auditEventOf } from '../../audit-event.ts'
import type { Changed } from '../../changes.ts'
import { type CreateCall, createOnce, type Creating } from '../../create-once.ts'
import { found, type ManageDeps } from '../../manage.ts'
import { loadOrg } from '../orgs/resource.ts'

/** The store of the audit log, for routes. */
export interface AuditLog {
  readonly read: <T>(scope: AuditScope, work: (tx: AuditTransaction) => Promise<T>) => Promise<T>
  readonly record: RecordChange
  readonly prove: (scope: AuditScope, id: string) => Promise<EventProof | undefined>
  readonly readExport: (job: ExportJob) => AsyncIterable<Uint8Array>
  /** Of control's own spool. */
  readonly spool: () => AuditWriterStats
  /** Undefined where no label values are hidden. */
  readonly labelValueKey: LabelValueKey | undefined
  /** Key that seals the log; undefined where nothing is sealed. */
  readonly signingKey: { readonly id: string; readonly publicKey: string } | undefined
}

export interface AuditRouteDeps extends ManageDeps {
  readonly log: AuditLog
}

type LogAction = 'audit:list' | 'audit:read' | 'audit:export' | 'audit:reveal'

/** Everybody's log, for those of the platform org. */
const everybody = '*'

/** Whose log a request is about. */
export const logQuery = {
  org: z
    .string()
    .max(63)
    .optional()
    .describe('Whose log; default one’s own org. For the platform org also others, and * for everybody’s'),
}

async function mayDo(
  { policyOf }: Pick<ManageDeps, 'policyOf'>,
  principal: Principal,
  { action, uid }: { readonly action: LogAction; readonly uid: string },
): Promise<boolean> {
  const resource: Resource = { kind: 'audit-log', uid, orgUid: principal.orgUid }
  const policy = await policyOf(principal.orgUid)
  return authorize(policy, { principal, action, resource, now: Date.now() }).allowed
}

/**
 * The log that a request names: that of the caller's org, or any for those of the platform org who may do `action` to it. To everybody
 * else other orgs are not there.
 */
export function logFor(deps: ManageDeps, action: LogAction) {
  return async (principal: Principal, { query }: RouteInput): Promise<Resource> => {
    const { orgUid } = principal
    const uid = query.get('org') ?? orgUid
    const resource: Resource = { kind: 'audit-log', uid, orgUid }
    if (uid === orgUid) return resource
    found((await mayDo(deps, principal, { action, uid })) ? uid : undefined, 'org')
    if (uid !== everybody) await deps.changes.read(uid, loadOrg)
    return resource
  }
}

/** What a request works on, once it is allowed. */
export interface OpenLog {
  readonly scope: AuditScope
  readonly orgUid: string
  /** Whether the caller may see what was asked of the data. */
  readonly showsQueries: boolean
}

interface LogCall {
  readonly caller: Principal
  readonly query: { readonly org?: string | undefined }
  readonly trail: Trail
}

/** Opens the log of an admitted request. The event of the request is in the log that it reads. */
export async function openLog(deps: ManageDeps, { caller, query, trail }: LogCall): Promise<OpenLog> {
  const uid = query.org ?? caller.orgUid
  const isAll = uid === everybody
  if (!isAll) trail.orgUid = uid
  return {
    scope: isAll ? 'all' : { org: uid },
    orgUid: isAll ? caller.orgUid : uid,
    showsQueries: await mayDo(deps, caller, { action: 'audit:read', uid }),
  }
}

/** What a change of something in the log did. */
export interface LogChange<T> {
  readonly result: T
  readonly note: {
    readonly code: EventCode
    readonly resource: { readonly kind: string; readonly uid: string }
    readonly detail?: Readonly<Record<string, unknown>>
  }
}

/** Runs a change and writes its event in the same transaction, in the log that it changes. */
export async function changeLog<T>(
  { log }: Pick<AuditRouteDeps, 'log'>,
  { scope, orgUid, trail }: Pick<OpenLog, 'scope' | 'orgUid'> & { readonly trail: Trail },
  work: (tx: AuditTransaction) => Promise<LogChange<T>>,
): Promise<T> {
  const result = await log.read(scope, async (tx) => {
    const changed = await work(tx)
    const event = auditEventOf(trail, { status: trail.successStatus, errorCode: undefined }, Date.now())
    const { code, resource, detail } = changed.note
    await log.record(tx, {
      ...event,
      orgUid,
      code,
      resource,
      ...(detail === undefined ? {} : { detail: { ...detail } }),
    })
    return changed.result
  })
  trail.isRecorded = true
  return result
}

/**
 * Runs a create in a log as {@link createOnce}, with its event in the log it is made in.
 * @throws GatehouseError `bad_data` for an `Idempotency-Key` in everybody's log, as keys are kept per org.
 */
export function createOnceInLog<T>(
  deps: Pick<AuditRouteDeps, 'log'>,
  call: CreateCall,
  {
    scope,
    orgUid,
    ...creating
  }: Pick<OpenLog, 'scope' | 'orgUid'> & {
    readonly answer: z.ZodType<T>
    readonly work: (tx: AuditTransaction) => Promise<Changed<T>>
  },
): Promise<T> {
  if (scope === 'all' && call.request.headers['idempotency-key'] !== undefined)
    throw new GatehouseError('bad_data', 'Idempotency-Key: not for the log of all orgs; name one of them')
  const changes: Creating<AuditTransaction> = {
    read: (_, work) => deps.log.read(scope, work),
    changeIn: (_, trail, work) => changeLog(deps, { scope, orgUid, trail }, work),
  }
  return createOnce(changes, call, { ...creating, orgUid })
}

/** Refused where nothing seals the log: nobody could sign what is asked for. */
export function requireKey({ log: { signingKey } }: AuditRouteDeps): NonNullable<AuditLog['signingKey']> {
  if (signingKey === undefined)
    throw new GatehouseError(
      'unavailable',
      'the audit log is not sealed here: audit.signingKeyFile is not set',
    )
  return signingKey
}
