import { type AuditEvent, genesis, nextLink, prepareEvent, toStoredEvent } from '@gatehouse/audit'
import type { Transaction } from '../transaction.ts'
import { erasedRefs, insertEvents, insertIdentities, makePartitions } from './insert.ts'
import { createPseudonyms, type Pseudonym, type Pseudonyms } from './pseudonyms.ts'
import { recordLine } from './segment.ts'
import { sha256 } from './sha256.ts'

/** Records an event in the transaction of the change it tells of: both are there, or neither. */
export type RecordChange = (tx: Transaction, event: AuditEvent) => Promise<void>

/** Writer of the chains that transactions extend. */
export const changeWriter = 'store'

const pseudonymMs = 3_600_000

/** The actor's pseudonym with its identity stored; a new one for whoever was erased since the last. */
async function identified(
  tx: Transaction,
  pseudonyms: Pseudonyms,
  event: AuditEvent,
): Promise<Pseudonym | undefined> {
  const pseudonym = pseudonyms.of(event)
  if (pseudonym === undefined) return undefined
  await insertIdentities(tx, [pseudonym.line])
  const erased = await erasedRefs(tx, [pseudonym.identity.ref])
  if (erased.length === 0) return pseudonym
  pseudonyms.forget(new Set(erased))
  return identified(tx, pseudonyms, event)
}

/** Creates the recorder of one process. Transactions of one org's changes wait for each other at the record. */
export function createChangeRecorder(): RecordChange {
  let pseudonyms: Pseudonyms = createPseudonyms()
  let since = Date.now()
  return async (tx, event) => {
    if (Date.now() - since > pseudonymMs) {
      pseudonyms = createPseudonyms()
      since = Date.now()
    }
    const pseudonym = await identified(tx, pseudonyms, event)
    const text = prepareEvent(toStoredEvent(event, pseudonym?.identity.ref ?? null), sha256)
    await makePartitions(tx, event.at, 0)
    const org = event.orgUid
    const rows = await tx.rows<{ seq: string; hash: string }>('select seq, hash from audit_head($1, $2)', [
      changeWriter,
      org,
    ])
    const head = rows[0] && { seq: Number(rows[0].seq), hash: rows[0].hash }
    const link = nextLink(head ?? genesis({ writer: changeWriter, org }, sha256), sha256(text), sha256)
    await insertEvents(tx, changeWriter, [recordLine(org, link, text)])
  }
}
