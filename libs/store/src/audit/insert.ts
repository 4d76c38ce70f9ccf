import type { Transaction } from '../transaction.ts'

const insert = `
  insert into audit_events (at, id, class, org_uid, writer, seq, prev, hash, event)
  select (r #>> '{event,at}')::timestamptz, (r #>> '{event,id}')::uuid, audit_class(r #>> '{event,code}'),
    r ->> 'org', $1, (r ->> 'seq')::bigint, decode(r ->> 'prev', 'hex'), decode(r ->> 'hash', 'hex'), r -> 'event'
  from jsonb_array_elements($2::jsonb) r`

/** Adds events to their chains. `lines` are as in a spool, each one JSON object. */
export async function insertEvents(tx: Transaction, writer: string, lines: readonly string[]): Promise<void> {
  await tx.rows(insert, [writer, `[${lines.join(',')}]`])
}

/** Adds events and counts those that were not there yet: sending again is harmless. Needs the scope `all`. */
export async function insertNewEvents(
  tx: Transaction,
  writer: string,
  lines: readonly string[],
): Promise<number> {
  const rows = await tx.rows<{ added: number }>(
    `with added as (${insert} on conflict do nothing returning 1) select count(*)::int as added from added`,
    [writer, `[${lines.join(',')}]`],
  )
  return rows[0]?.added ?? 0
}

/** Adds identities; one that is there already, or was erased, is left as it is. */
export async function insertIdentities(tx: Transaction, lines: readonly string[]): Promise<void> {
  await tx.rows(
    `insert into audit_identities (ref, org_uid, uid, name, issuer, subject, salt)
    select i ->> 'ref', i ->> 'orgUid', i ->> 'uid', i ->> 'name', i ->> 'issuer', i ->> 'subject', i ->> 'salt'
    from jsonb_array_elements($1::jsonb) r, lateral (select r -> 'identity' as i) x
    on conflict do nothing`,
    [`[${lines.join(',')}]`],
  )
}

/** Adds sealed label values; those that are there already are left as they are. Needs the scope `all`. */
export async function insertLabelValues(tx: Transaction, lines: readonly string[]): Promise<void> {
  await tx.rows(
    `insert into audit_label_values (org_uid, hash, label, sealed)
    select v ->> 'org', v ->> 'hash', v ->> 'label', decode(v ->> 'sealed', 'base64')
    from jsonb_array_elements($1::jsonb) r, lateral (select r -> 'value' as v) x
    on conflict do nothing`,
    [`[${lines.join(',')}]`],
  )
}

/** Makes the partitions for a time (RFC 3339) and for `ahead` months after it. */
export async function makePartitions(tx: Transaction, at: string, ahead: number): Promise<void> {
  await tx.rows('select audit_make_partitions($1::timestamptz, $2)', [at, ahead])
}

/** Which of these pseudonyms no longer have an identity. */
export async function erasedRefs(tx: Transaction, refs: readonly string[]): Promise<string[]> {
  const rows = await tx.rows<{ ref: string }>(
    'select ref from audit_identities where ref = any($1) and erased_at is not null',
    [refs],
  )
  return rows.map(({ ref }) => ref)
}
