import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool } from '../pool.ts'
import { type AuditFilter, filterConditions, filterValueCount, filterValues } from './filter.ts'
import { type AuditScope, type AuditTransaction, orgOf, withAudit } from './scope.ts'
import { type FoundEvent, foundColumns } from './found.ts'

/** How far each chain has been read. Per chain nothing can be overtaken, whenever it becomes visible. */
export type Positions = Map<string, number>

/** A chain's name as a key of {@link Positions}. */
export function chainKey(writer: string, org: string | null): string {
  return JSON.stringify([writer, org])
}

interface HeadRow {
  readonly writer: string
  readonly org: string | null
  readonly seq: number
}

function listHeads(tx: AuditTransaction): Promise<HeadRow[]> {
  return tx.rows<HeadRow>(
    `select writer, org_uid as org, seq::float8 as seq from audit_heads where $1::text is null or org_uid = $1`,
    [orgOf(tx)],
  )
}

/** Where every chain of the scope stands now. */
export async function currentPositions(tx: AuditTransaction): Promise<Positions> {
  const heads = await listHeads(tx)
  return new Map(heads.map(({ writer, org, seq }) => [chainKey(writer, org), seq]))
}

const n = filterValueCount
const nextOfChain = `
  select ${foundColumns} from audit_events e left join audit_identities i on i.ref = e.actor_ref
  where e.writer = $${n + 1} and e.org_uid is not distinct from $${n + 2} and e.seq > $${n + 3} and e.seq <= $${n + 4}
    and ${filterConditions}
  order by e.seq`

/** At most so many records of a chain at once. */
const stride = 500

/**
 * Records added since `positions`, in the order of each chain, and moves `positions` on. At most a stride of each chain:
 * call again until it gives nothing.
 */
export async function readNew(
  tx: AuditTransaction,
  positions: Positions,
  filter: AuditFilter = {},
): Promise<{ readonly events: FoundEvent[]; readonly isMore: boolean; readonly hasMoved: boolean }> {
  const values = await filterValues(tx, filter)
  const events: FoundEvent[] = []
  let isMore = false
  let hasMoved = false
  for (const { writer, org, seq } of await listHeads(tx)) {
    const key = chainKey(writer, org)
    const from = positions.get(key) ?? 0
    const to = Math.min(seq, from + stride)
    if (to <= from) continue
    events.push(...(await tx.rows<FoundEvent>(nextOfChain, [...values, writer, org, from, to])))
    positions.set(key, to)
    hasMoved = true
    isMore ||= to < seq
  }
  events.sort((a, b) => (a.event.at < b.event.at ? -1 : a.event.at > b.event.at ? 1 : 0))
  return { events, isMore, hasMoved }
}

/** Events as they arrive, until `signal` aborts. */
export async function* followEvents(
  pool: Pool,
  scope: AuditScope,
  options: { readonly filter?: AuditFilter; readonly signal: AbortSignal; readonly pollMs?: number },
): AsyncGenerator<FoundEvent> {
  const { filter = {}, signal, pollMs = 500 } = options
  const positions = await withAudit(pool, scope, currentPositions)
  while (!signal.aborted) {
    const { events, isMore } = await withAudit(pool, scope, (tx) => readNew(tx, positions, filter))
    yield* events
    if (!isMore) await sleep(pollMs, undefined, { signal }).catch(() => undefined)
  }
}
