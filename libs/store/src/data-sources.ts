import type { DataSource, Shard } from '@gatehouse/query'
import { z } from 'zod'
import type { OrgTransaction } from './transaction.ts'

const sliceSchema = z.strictObject({ tenants: z.array(z.string()) })
const shardsSchema = z.array(
  z.strictObject({
    name: z.string(),
    slice: sliceSchema,
    replicas: z.array(z.strictObject({ name: z.string(), url: z.string() })),
  }),
)

type Row = {
  uid: string
  org_uid: string
  name: string
  version: string
  tenant_label: string
  alertmanager_url: string | null
  partial_response: boolean
  shards: unknown
}

/** Data sources of the entered org with their shards and replicas. */
export async function listDataSources(tx: OrgTransaction): Promise<readonly DataSource[]> {
  const rows = await tx.rows<Row>(`
    select d.uid, d.org_uid, d.name, d.version, d.tenant_label, d.alertmanager_url, d.partial_response,
      coalesce(json_agg(json_build_object('name', s.name, 'slice', s.slice, 'replicas', (
          select coalesce(json_agg(json_build_object('name', r.name, 'url', r.url) order by r.name), '[]') from replicas r
          where r.org_uid = s.org_uid and r.data_source_uid = s.data_source_uid and r.shard = s.name
        )) order by s.name) filter (where s.name is not null), '[]') as shards
    from data_sources d
    left join shards s on s.org_uid = d.org_uid and s.data_source_uid = d.uid
    group by d.org_uid, d.uid
    order by d.uid`)
  return rows.map(({ uid, org_uid: orgUid, name, version, tenant_label: tenantLabel, ...row }) => {
    const shards: readonly Shard[] = shardsSchema.parse(row.shards)
    const alertmanagerUrl = row.alertmanager_url ?? undefined
    const allowsPartial = row.partial_response
    return {
      uid,
      orgUid,
      name,
      version: Number(version),
      tenantLabel,
      shards,
      alertmanagerUrl,
      allowsPartial,
    }
  })
}
