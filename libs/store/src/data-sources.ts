import { createHash } from 'node:crypto'
import { type DataSource, engineName, type Moment, type Shard, type ShardSlice } from '@gatehouse/query'
import { backends } from '@gatehouse/authz'
import { parseDuration, parseMatchers } from '@gatehouse/promql'
import { z } from 'zod'
import { listTenants } from './tenants.ts'
import type { OrgTransaction } from './transaction.ts'

/** What is stored of a shard's slice: as access documents have it. */
const sliceSchema = z.strictObject({
  tenants: z.array(z.string()),
  tenantHash: z.strictObject({ modulus: z.int().positive(), remainder: z.int().nonnegative() }).optional(),
  series: z.string().optional(),
  samples: z.strictObject({ from: z.string().optional(), until: z.string().optional() }).optional(),
})
const shardsSchema = z.array(
  z.strictObject({
    name: z.string(),
    slice: sliceSchema,
    replicas: z.array(z.strictObject({ name: z.string(), url: z.string() })),
  }),
)

const backendSchema = z.enum(backends)

export type StoredShard = z.output<typeof shardsSchema>[number]

/** A data source as it is stored: its shards say which series they hold in the words of access documents. */
export interface StoredDataSource {
  readonly uid: string
  readonly orgUid: string
  readonly name: string
  readonly version: number
  readonly tenantLabel: string
  readonly shards: readonly StoredShard[]
  readonly alertmanagerUrl: string | undefined
  readonly engineUrl: string | undefined
  readonly evaluationInterval: string | undefined
  readonly partialResponse: boolean
  readonly backend: z.output<typeof backendSchema>
}

type Row = {
  uid: string
  org_uid: string
  name: string
  version: string
  tenant_label: string
  alertmanager_url: string | null
  engine_url: string | null
  evaluation_interval: string | null
  partial_response: boolean
  backend: string
  shards: unknown
}

/** Data sources of the entered org as they are stored. */
export async function listStoredDataSources(tx: OrgTransaction): Promise<readonly StoredDataSource[]> {
  const rows = await tx.rows<Row>(`
    select d.uid, d.org_uid, d.name, d.version, d.tenant_label, d.alertmanager_url, d.engine_url, d.evaluation_interval,
      d.partial_response, d.backend,
      coalesce((
        select json_agg(json_build_object('name', s.name, 'slice', s.slice, 'replicas', (
            select coalesce(json_agg(json_build_object('name', r.name, 'url', r.url) order by r.name), '[]') from replicas r
            where r.org_uid = s.org_uid and r.data_source_uid = s.data_source_uid and r.shard = s.name
          )) order by s.name)
        from shards s where s.org_uid = d.org_uid and s.data_source_uid = d.uid
      ), '[]') as shards
    from data_sources d
    where d.org_uid = app_org()
    order by d.uid`)
  return rows.map((row) => ({
    uid: row.uid,
    orgUid: row.org_uid,
    name: row.name,
    version: Number(row.version),
    tenantLabel: row.tenant_label,
    shards: shardsSchema.parse(row.shards),
    alertmanagerUrl: row.alertmanager_url ?? undefined,
    engineUrl: row.engine_url ?? undefined,
    evaluationInterval: row.evaluation_interval ?? undefined,
    partialResponse: row.partial_response,
    backend: backendSchema.parse(row.backend),
  }))
}

/** The remainder that Prometheus's `hashmod` relabelling gives a tenant. */
export function tenantRemainder(tenant: string, modulus: number): number {
  const digest = createHash('md5').update(tenant).digest()
  return Number(digest.readBigUInt64BE(8) % BigInt(modulus))
}

function momentOf(text: string | undefined): Moment | undefined {
  if (text === undefined) return undefined
  const age = parseDuration(text)
  return age === undefined ? { at: Date.parse(text) } : { age }
}

/** A stored slice as queries are planned by it; `tenants` are those of the org. */
function sliceOf({ slice }: StoredShard, tenants: readonly string[]): ShardSlice {
  const { tenantHash: hash, series, samples } = slice
  return {
    tenants:
      hash === undefined
        ? slice.tenants
        : tenants.filter((tenant) => tenantRemainder(tenant, hash.modulus) === hash.remainder),
    ...(series === undefined ? {} : { matchers: parseMatchers(series) }),
    ...(samples === undefined
      ? {}
      : { samples: { from: momentOf(samples.from), until: momentOf(samples.until) } }),
  }
}

function engineOf(url: string | undefined): Shard | undefined {
  if (url === undefined) return undefined
  return { name: engineName, slice: { tenants: [] }, replicas: [{ name: engineName, url }] }
}

/** Data sources of the entered org with their shards and replicas. */
export async function listDataSources(tx: OrgTransaction): Promise<readonly DataSource[]> {
  const stored = await listStoredDataSources(tx)
  const isHashed = stored.some(({ shards }) => shards.some(({ slice }) => slice.tenantHash !== undefined))
  const tenants = isHashed ? await listTenants(tx) : []
  return stored.map(({ shards, engineUrl, evaluationInterval, partialResponse, backend, ...source }) => ({
    ...source,
    shards: shards.map((shard) => ({
      name: shard.name,
      slice: sliceOf(shard, tenants),
      replicas: shard.replicas,
      ...(backend === 'prometheus' ? {} : { backend }),
    })),
    engine: engineOf(engineUrl),
    evaluationInterval: evaluationInterval === undefined ? undefined : parseDuration(evaluationInterval),
    allowsPartial: partialResponse,
  }))
}

/** Uids of the entered org's data sources of which another org reaches a server through another tenant label. */
export async function listContested(tx: OrgTransaction): Promise<ReadonlySet<string>> {
  const rows = await tx.rows<{ uid: string }>('select uid from contested_data_sources($1)', [tx.orgUid])
  return new Set(rows.map(({ uid }) => uid))
}

/** Servers (`host:port`) that other orgs reach, or ever reached, through another tenant label than this one. */
export async function listUpstreamsOfOthers(
  tx: OrgTransaction,
  tenantLabel: string,
): Promise<readonly string[]> {
  const rows = await tx.rows<{ address: string }>('select address from upstreams_of_others($1, $2)', [
    tx.orgUid,
    tenantLabel,
  ])
  return rows.map(({ address }) => address)
}

/** Servers (`host:port`) that other orgs reach now through another tenant label than this one. */
export async function listReachedByOthers(
  tx: OrgTransaction,
  tenantLabel: string,
): Promise<readonly string[]> {
  const rows = await tx.rows<{ address: string }>('select address from reached_by_others($1, $2)', [
    tx.orgUid,
    tenantLabel,
  ])
  return rows.map(({ address }) => address)
}
