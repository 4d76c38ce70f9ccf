import type { OrgTransaction } from '../transaction.ts'
import type { TableSpec } from './tables.ts'

type Rows = readonly Readonly<Record<string, unknown>>[]
type Keyed = { key: string }

// Table and column names come from the closed list in tables.ts, never from a document.
function wantedCte({ name }: TableSpec): string {
  return `with wanted as (select * from jsonb_populate_recordset(null::${name}, $1::jsonb))`
}

function sameKey({ key }: TableSpec): string {
  return key.map((column) => `t.${column} = w.${column}`).join(' and ')
}

function keyText({ key }: TableSpec, from: string): string {
  return `concat_ws('/', ${key.map((column) => `${from}.${column}`).join(', ')}) as key`
}

/** Deletes the org's rows that are not wanted, unless others may add to them; their keys. */
export async function deleteUnwanted(
  tx: OrgTransaction,
  table: TableSpec,
  wanted: Rows,
): Promise<readonly string[]> {
  const rows = await tx.rows<Keyed>(
    `${wantedCte(table)}
     delete from ${table.name} t
     where t.org_uid = app_org() and ${table.only ?? 'true'} and not exists (select from wanted w where ${sameKey(table)})
     returning ${keyText(table, 't')}`,
    [JSON.stringify(wanted)],
  )
  return rows.map(({ key }) => key)
}

/** Updates the org's rows that differ from what is wanted; their keys. */
export async function updateChanged(
  tx: OrgTransaction,
  table: TableSpec,
  wanted: Rows,
): Promise<readonly string[]> {
  const { name, columns } = table
  if (columns.length === 0) return []
  const list = (from: string): string => columns.map((column) => `${from}.${column}`).join(', ')
  const rows = await tx.rows<Keyed>(
    `${wantedCte(table)}
     update ${name} t set (${columns.join(', ')}) = row(${list('w')}) from wanted w
     where t.org_uid = app_org() and ${sameKey(table)} and row(${list('t')}) is distinct from row(${list('w')})
     returning ${keyText(table, 't')}`,
    [JSON.stringify(wanted)],
  )
  return rows.map(({ key }) => key)
}

/** Inserts what is wanted and missing in the org; the keys. */
export async function insertMissing(
  tx: OrgTransaction,
  table: TableSpec,
  wanted: Rows,
): Promise<readonly string[]> {
  const { name, key, columns } = table
  const all = [...key, ...columns]
  const rows = await tx.rows<Keyed>(
    `${wantedCte(table)}
     insert into ${name} as t (org_uid, ${all.join(', ')})
     select app_org(), ${all.map((column) => `w.${column}`).join(', ')} from wanted w
     where not exists (select from ${name} t where t.org_uid = app_org() and ${sameKey(table)})
     returning ${keyText(table, 't')}`,
    [JSON.stringify(wanted)],
  )
  return rows.map(({ key: text }) => text)
}
