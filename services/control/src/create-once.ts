import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Principal } from '@gatehouse/authz'
import { GatehouseError } from '@gatehouse/errors'
import type { Trail } from '@gatehouse/http'
import {
  enterOrg,
  findAnswer,
  type IdempotencyKey,
  keepAnswer,
  type KeptAnswer,
  lockKey,
  type OrgTransaction,
  type Transaction,
} from '@gatehouse/store'
import type { z } from 'zod'
import type { Changed } from './changes.ts'

/** A create, as its route received it. */
export interface CreateCall {
  readonly caller: Principal
  readonly request: IncomingMessage
  readonly body: unknown
  readonly trail: Trail
}

/** Where something is made: reads and changes, as those of {@link Changes}. */
export interface Creating<X> {
  read<T>(orgUid: string, work: (tx: X) => Promise<T>): Promise<T>
  changeIn<T>(orgUid: string, trail: Trail, work: (tx: X) => Promise<Changed<T>>): Promise<T>
}

/** How the answer of a create is kept. */
export interface Keeping<T> {
  /** Of the answer; a kept one is read back through it. */
  readonly answer: z.ZodType<T>
  /** The answer holds a secret: it is not kept, and a repeated request is told so. */
  readonly isSecret?: true
  /** Where it is made; default: the caller's org. */
  readonly orgUid?: string
}

function keyOf({ caller, request, body, trail }: CreateCall): IdempotencyKey | undefined {
  const key = request.headers['idempotency-key']
  if (key === undefined) return undefined
  if (typeof key !== 'string' || !/^[!-~]{1,200}$/.test(key))
    throw new GatehouseError('bad_data', 'Idempotency-Key: 1 to 200 visible ASCII characters')
  const text = JSON.stringify([trail.method, request.url, body])
  return {
    principal: `${caller.kind}:${caller.uid}`,
    key,
    request: createHash('sha256').update(text).digest('hex'),
  }
}

function replay<T>(kept: KeptAnswer, key: IdempotencyKey, keeping: Keeping<T>): T {
  if (kept.request !== key.request)
    throw new GatehouseError('conflict', 'this Idempotency-Key was used for another request')
  if (keeping.isSecret === true)
    throw new GatehouseError('conflict', 'this request was done before; its secret was shown once, then')
  return keeping.answer.parse(kept.answer)
}

/**
 * Runs a create as its `changeIn`. With an `Idempotency-Key` of the last day, the same request of the same principal is answered
 * as the first was and changes nothing.
 * @throws GatehouseError `conflict` if the key was used for another request.
 */
export async function createOnce<T, X extends Transaction = OrgTransaction>(
  changes: Creating<X>,
  call: CreateCall,
  keeping: Keeping<T> & { readonly work: (tx: X) => Promise<Changed<T>> },
): Promise<T> {
  const { caller, trail } = call
  const { orgUid = caller.orgUid } = keeping
  const key = keyOf(call)
  if (key === undefined) return changes.changeIn(orgUid, trail, keeping.work)
  // Keys lie in the caller's org, wherever it is that something is made: one key is for one request.
  let kept = await changes.read(caller.orgUid, (tx) => findAnswer(tx, key))
  if (kept === undefined) {
    try {
      return await changes.changeIn(orgUid, trail, async (tx) => {
        const home = await enterOrg(tx, caller.orgUid)
        await lockKey(home, key)
        kept = await findAnswer(home, key)
        // Thrown so that this transaction, which changes nothing, writes no event either.
        if (kept !== undefined) throw new GatehouseError('conflict', 'the same request was done meanwhile')
        await enterOrg(tx, orgUid)
        const changed = await keeping.work(tx)
        await enterOrg(tx, caller.orgUid)
        await keepAnswer(home, key, keeping.isSecret === true ? null : changed.result)
        await enterOrg(tx, orgUid)
        return changed
      })
    } catch (error) {
      if (kept === undefined) throw error
    }
  }
  // Nothing is created now, so the request's own event must not say so.
  trail.action = 'idempotency-keys:replay'
  return replay(kept, key, keeping)
}
