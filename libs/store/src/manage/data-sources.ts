import type { DataSource } from '@gatehouse/query'
import { listDataSources } from '../data-sources.ts'
import type { OrgTransaction } from '../transaction.ts'

/** A data source to be stored: everything but what the store adds. */
export type DataSourceSettings = Pick<DataSource, 'uid' | 'name' | 'tenantLabel'> & {
  readonly shards: readonly {
    readonly name: string
    readonly tenants: readonly string[]
    readonly replicas: readonly { readonly name: string; readonly url: string }[]
  }[]
}

/** The data source of the entered org with this uid. */
export async function findDataSource(tx: OrgTransaction, uid: string): Promise<DataSource | undefined> {
  return (await listDataSources(tx)).find((source) => source.uid === uid)
}

async function writeShards(tx: OrgTransaction, { uid, shards }: DataSourceSettings): Promise<void> {
  await tx.rows('delete from shards where org_uid = app_org() and data_source_uid = $1', [uid])
  for (const { name, tenants, replicas } of shards) {
    await tx.rows(
      'insert into shards (org_uid, data_source_uid, name, slice) values (app_org(), $1, $2, $3)',
      [uid, name, JSON.stringify({ tenants })],
    )
    await tx.rows(
      `insert into replicas (org_uid, data_source_uid, shard, name, url)
       select app_org(), $1, $2, r.name, r.url from jsonb_to_recordset($3) r (name text, url text)`,
      [uid, name, JSON.stringify(replicas)],
    )
  }
}

/** Makes a data source with its shards and replicas. @throws GatehouseError `conflict` if the uid is taken or files declare the org's access. */
export async function createDataSource(tx: OrgTransaction, source: DataSourceSettings): Promise<void> {
  const values = [source.uid, source.name, source.tenantLabel]
  await tx.rows(
    'insert into data_sources (org_uid, uid, name, tenant_label) values (app_org(), $1, $2, $3)',
    values,
  )
  await writeShards(tx, source)
}

/** Replaces what is stored of a data source. @throws GatehouseError `conflict` if files declare the org's access. */
export async function updateDataSource(tx: OrgTransaction, source: DataSourceSettings): Promise<void> {
  const values = [source.uid, source.name, source.tenantLabel]
  await tx.rows(
    'update data_sources set name = $2, tenant_label = $3 where org_uid = app_org() and uid = $1',
    values,
  )
  await writeShards(tx, source)
}

/** Deletes a data source with the grants on it. @throws GatehouseError `conflict` if files declare the org's access. */
export async function deleteDataSource(tx: OrgTransaction, uid: string): Promise<void> {
  await tx.rows('delete from data_sources where org_uid = app_org() and uid = $1', [uid])
}
