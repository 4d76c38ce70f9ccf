import { parseAccessDocument } from '@gatehouse/authz'
import { hashServiceAccountToken, newServiceAccountToken } from '@gatehouse/identity'
import { applyAccess, createPool, createToken, migrate, withOrg } from '@gatehouse/store'

/** A data source of a run: its shards by name, with the tenants and the URL of each. */
export interface BenchSource {
  readonly uid: string
  readonly shards: Readonly<Record<string, { readonly tenants: readonly string[]; readonly url: string }>>
}

/** Makes an empty database that of an org with these data sources and one service account that sees all tenants. */
export async function prepareDatabase(
  adminUrl: string,
  { tenants, sources }: { tenants: readonly string[]; sources: readonly BenchSource[] },
): Promise<{ appUrl: string; token: string }> {
  const appUrl = Object.assign(new URL(adminUrl), { username: 'bench_app', password: 'bench' }).href
  await migrate(adminUrl, { appUrl })
  const pool = createPool({ url: appUrl })
  const dataSources = sources.map(({ uid, shards }) => ({
    uid,
    name: uid,
    shards: Object.entries(shards).map(([name, shard]) => ({
      name,
      tenants: shard.tenants,
      replicas: [{ name, url: shard.url }],
    })),
  }))
  const org = {
    uid: 'bench',
    name: 'Bench',
    tenants,
    serviceAccounts: [{ uid: 'all', name: 'All' }],
    dataSources,
    grants: [{ serviceAccount: 'all', role: 'viewer' }],
  }
  await applyAccess(pool, parseAccessDocument({ apiVersion: 'gatehouse/v1', kind: 'Access', orgs: [org] }))
  const token = newServiceAccountToken()
  const row = {
    serviceAccountUid: 'all',
    name: 'bench',
    prefix: token.slice(0, 16),
    hash: hashServiceAccountToken(token) ?? '',
    expiresAt: Date.now() + 86_400_000,
  }
  await withOrg(pool, 'bench', (tx) => createToken(tx, row))
  await pool.end()
  return { appUrl, token }
}
