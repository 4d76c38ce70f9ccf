import type { EventCode } from '@gatehouse/audit'
import type { Call } from '@gatehouse/http'
import { lockForChange, type OrgTransaction } from '@gatehouse/store'
import type { ChangeNote, Changes } from './changes.ts'
import { contentEtag, requireMatch } from './preconditions.ts'

/** Of a request: what names the version it is based on, and where the answer's goes. */
export type MatchedCall = Pick<Call<unknown, unknown, unknown, unknown>, 'request' | 'setHeader' | 'trail'>

/** A change of something that has its content's hash as `ETag`. `A` is how it is shown, as its GET gives it. */
export interface MatchedChange<A> {
  /** Where it is; default: the caller's org. */
  readonly orgUid?: string
  readonly code: EventCode
  readonly resource: ChangeNote['resource']
  /** @throws GatehouseError `not_found`. */
  readonly load: (tx: OrgTransaction) => Promise<A>
}

async function loadMatching<A>(tx: OrgTransaction, call: MatchedCall, change: MatchedChange<A>): Promise<A> {
  const { kind, uid } = change.resource
  await lockForChange(tx, kind, uid)
  const before = await change.load(tx)
  requireMatch(call.request, before)
  return before
}

/**
 * Runs a change as {@link Changes.changeIn} if `If-Match` names what is there now; of several at once, one. Its event has both states, its
 * answer the new `ETag`.
 * @throws GatehouseError `bad_data` without `If-Match`, `precondition_failed` if it names something else, and what `load` and `work` throw.
 */
export function replaceMatched<A>(
  changes: Changes,
  call: MatchedCall,
  change: MatchedChange<A> & {
    /** Makes the change; what it is then. */
    readonly work: (tx: OrgTransaction, before: A) => Promise<A>
  },
): Promise<A> {
  const { code, resource, orgUid = call.trail.orgUid ?? '' } = change
  return changes.changeIn(orgUid, call.trail, async (tx) => {
    const before = await loadMatching(tx, call, change)
    const result = await change.work(tx, before)
    call.setHeader('etag', contentEtag(result))
    return { result, note: { code, resource, detail: { before, after: result } } }
  })
}

/** As {@link replaceMatched}, for what is gone afterwards. */
export function deleteMatched<A>(
  changes: Changes,
  call: MatchedCall,
  change: MatchedChange<A> & { readonly work: (tx: OrgTransaction, before: A) => Promise<unknown> },
): Promise<Record<string, never>> {
  const { code, resource, orgUid = call.trail.orgUid ?? '' } = change
  return changes.changeIn(orgUid, call.trail, async (tx) => {
    const before = await loadMatching(tx, call, change)
    await change.work(tx, before)
    return { result: {}, note: { code, resource, detail: { before } } }
  })
}
