import type { AuditRecord, ChainId, StoredEvent } from '@gatehouse/audit'
import type { AuditTransaction } from './scope.ts'

/** A stored record, and whether the columns that searches use still say what the event says. */
export interface StoredRecord extends AuditRecord {
  readonly event: StoredEvent
  readonly agrees: boolean
}

const columnsAgree = `
  e.at = (event ->> 'at')::timestamptz and e.id::text = event ->> 'id' and e.class = audit_class(event ->> 'code')
  and e.org_uid is not distinct from event ->> 'orgUid' and e.code = event ->> 'code'
  and e.result = event #>> '{outcome,result}' and e.action = audit_key(event ->> 'action')
  and e.actor_ref is not distinct from audit_key(event #>> '{actor,ref}')
  and e.token_id is not distinct from case event #>> '{actor,credential,kind}' when 'token' then audit_key(event #>> '{actor,credential,id}') end
  and e.data_source is not distinct from audit_key(coalesce(event #>> '{plan,dataSource}',
    case event #>> '{resource,kind}' when 'data-sources' then event #>> '{resource,uid}' end))
  and e.dashboard is not distinct from audit_key(coalesce(event #>> '{hints,dashboardUid}',
    case event #>> '{resource,kind}' when 'dashboards' then event #>> '{resource,uid}' end))
  and e.words = audit_words(audit_text(event #>> '{request,query}', event #>> '{request,matches}', event ->> 'requestId', event ->> 'traceId',
    event #>> '{from,address}', event #>> '{resource,uid}', event ->> 'action', event #>> '{outcome,errorCode}',
    event #>> '{decision,reason}', event ->> 'detail'))
  and e.metrics = audit_keys(event -> 'metrics')`

/** Records of one chain with numbers in (`after`, `upTo`], in order, at most `limit`. */
export function readChain(
  tx: AuditTransaction,
  { writer, org }: ChainId,
  range: { readonly after: number; readonly upTo: number; readonly limit: number },
): Promise<StoredRecord[]> {
  return tx.rows<StoredRecord>(
    `select e.writer, e.org_uid as org, e.seq::float8 as seq, encode(e.prev, 'hex') as prev, encode(e.hash, 'hex') as hash,
       e.event, coalesce(${columnsAgree}, false) as agrees
     from audit_events e
     where e.writer = $1 and (e.org_uid = $2 or ($2::text is null and e.org_uid is null)) and e.seq > $3 and e.seq <= $4
     order by e.seq limit $5`,
    [writer, org, range.after, range.upTo, range.limit],
  )
}
