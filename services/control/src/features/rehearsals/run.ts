import { createHash } from 'node:crypto'
import type { AccessDocument } from '@gatehouse/authz'
import { GatehouseError, toGatehouseError } from '@gatehouse/errors'
import type { Trail } from '@gatehouse/http'
import {
  endRehearsal,
  noteRehearsalProgress,
  type Period,
  type Progress,
  type RehearsedOrg,
  reportOf,
} from '@gatehouse/store'
import type { Changes } from '../../changes.ts'

/** Rehearses a document on the requests of a period. */
export type Rehearse = (
  document: AccessDocument,
  period: Period & { readonly now: number },
  onProgress: (progress: Progress) => Promise<void>,
) => Promise<readonly RehearsedOrg[]>

/** A rehearsal that has begun. */
export interface Begun {
  readonly uid: string
  readonly orgUid: string
  readonly document: AccessDocument
  readonly documentSha256: string
  readonly period: Period & { readonly now: number }
  /** Of the request that began it: the events of its end name the same caller. */
  readonly trail: Trail
}

/** Runs rehearsals one at a time in a process: each reads the requests of days. */
export interface RehearsalRunner {
  /** @throws GatehouseError `too_many_requests` while another runs. */
  reserve(): void
  /** Gives up what was reserved. */
  release(): void
  /** Runs what was reserved for; never rejects. */
  run(begun: Begun): Promise<void>
}

function sha256(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex')
}

/** Creates the runner of one process. */
export function createRehearsalRunner(changes: Changes, rehearse: Rehearse): RehearsalRunner {
  let isBusy = false

  const finish = async ({ uid, orgUid, document, documentSha256, period, trail }: Begun): Promise<void> => {
    const [rehearsed] = await rehearse(document, period, (progress) =>
      changes.read(orgUid, (tx) => noteRehearsalProgress(tx, uid, progress)),
    )
    if (rehearsed === undefined) throw new GatehouseError('not_found', 'the org does not exist')
    const report = reportOf(orgUid, rehearsed.rehearsal)
    const { counts, requests, unjudged } = report
    const reportSha256 = sha256(report)
    const detail = {
      state: 'done',
      documentSha256,
      reportSha256,
      requests,
      counts,
      unjudged: unjudged.requests,
    }
    await changes.change(trail, async (tx) => {
      await endRehearsal(tx, uid, { report })
      return { result: undefined, note: { code: 'A022I', resource: { kind: 'rehearsals', uid }, detail } }
    })
  }
  const fail = ({ uid, documentSha256, trail }: Begun, thrown: unknown): Promise<void> => {
    const { code, message } = toGatehouseError(thrown)
    const failure = code === 'internal' ? 'internal error' : message
    const detail = { state: 'failed', documentSha256, failure }
    return changes.change(trail, async (tx) => {
      await endRehearsal(tx, uid, { failure })
      return { result: undefined, note: { code: 'A022E', resource: { kind: 'rehearsals', uid }, detail } }
    })
  }
  return {
    reserve() {
      if (isBusy)
        throw new GatehouseError('too_many_requests', 'another rehearsal is running', { retryAfter: 10 })
      isBusy = true
    },
    release() {
      isBusy = false
    },
    async run(begun) {
      try {
        await finish(begun)
      } catch (error) {
        // Without Postgres nothing can be noted; who asks is told that it was interrupted.
        await fail(begun, error).catch(() => undefined)
      } finally {
        isBusy = false
      }
    },
  }
}
