import type { DataSource } from '@gatehouse/query'
import {
  listDataSources,
  listStoredDataSources,
  type StoredDataSource,
  type StoredShard,
} from '../data-sources.ts'
import type { OrgTransaction } from '../transaction.ts'

/** A data source to be stored: everything but what the store adds. */
export type DataSourceSettings = Pick<StoredDataSource, 'uid' | 'name' | 'tenantLabel'> & {
  readonly shards: readonly (StoredShard['slice'] & Pick<StoredShard, 'name' | 'replicas'>)[]
  readonly alertmanagerUrl?: string | undefined
  readonly engineUrl?: string | undefined
  readonly evaluationInterval?: string | undefined
  readonly partialResponse: boolean
  readonly backend: StoredDataSource['backend']
}

/** The data source of the entered org with this uid. */
export async function findDataSource(tx: OrgTransaction, uid: string): Promise<DataSource | undefined> {
  return (await listDataSources(tx)).find((source) => source.uid === uid)
}

/** The data source of the entered org with this uid, as it is stored. */
export async function findStoredDataSource(
  tx: OrgTransaction,
  uid: string,
): Promise<StoredDataSource | undefined> {
  return (await listStoredDataSources(tx)).find((source) => source.uid === uid)
}

async function writeShards(tx: OrgTransaction, { uid, shards }: DataSourceSettings): Promise<void> {
  await tx.rows('delete from shards where org_uid = app_org() and data_source_uid = $1', [uid])
  for (const { name, replicas, ...slice } of shards) {
    await tx.rows(
      'insert into shards (org_uid, data_source_uid, name, slice) values (app_org(), $1, $2, $3)',
      [uid, name, JSON.stringify(slice)],
    )
    await tx.rows(
      `insert into replicas (org_uid, data_source_uid, shard, name, url)
       select app_org(), $1, $2, r.name, r.url from jsonb_to_recordset($3) r (name text, url text)`,
      [uid, name, JSON.stringify(replicas)],
    )
  }
}

function valuesOf(source: DataSourceSettings): unknown[] {
  const { uid, name, tenantLabel, alertmanagerUrl, engineUrl, evaluationInterval } = source
  const { partialResponse, backend } = source
  return [uid, name, tenantLabel, alertmanagerUrl, engineUrl, evaluationInterval, partialResponse, backend]
}

/** Makes a data source with its shards and replicas. @throws GatehouseError `conflict` if the uid is taken or files declare the org's access. */
export async function createDataSource(tx: OrgTransaction, source: DataSourceSettings): Promise<void> {
  await tx.rows(
    `insert into data_sources
       (org_uid, uid, name, tenant_label, alertmanager_url, engine_url, evaluation_interval, partial_response, backend)
     values (app_org(), $1, $2, $3, $4, $5, $6, $7, $8)`,
    valuesOf(source),
  )
  await writeShards(tx, source)
}

/** Replaces what is stored of a data source. @throws GatehouseError `conflict` if files declare the org's access. */
export async function updateDataSource(tx: OrgTransaction, source: DataSourceSettings): Promise<void> {
  await tx.rows(
    `update data_sources set name = $2, tenant_label = $3, alertmanager_url = $4, engine_url = $5,
       evaluation_interval = $6, partial_response = $7, backend = $8
     where org_uid = app_org() and uid = $1`,
    valuesOf(source),
  )
  await writeShards(tx, source)
}

/** Deletes a data source with the grants on it. @throws GatehouseError `conflict` if files declare the org's access. */
export async function deleteDataSource(tx: OrgTransaction, uid: string): Promise<void> {
  await tx.rows('delete from data_sources where org_uid = app_org() and uid = $1', [uid])
}
