import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type AccessDocument, parseAccessDocument } from '@gatehouse/authz'
import { isGatehouseError } from '@gatehouse/errors'
import { hashSecret, newServiceAccountToken } from '@gatehouse/identity'
import {
  applyAccess,
  createPool,
  createToken,
  findOrg,
  type Pool,
  releaseToApi,
  updateDataSource,
  withOrg,
} from '@gatehouse/store'
import { parse } from 'yaml'
import { agencies } from '../demo/agencies.ts'
import type { Shard } from '../demo/shards.ts'
import { storeDashboards } from './dashboards.ts'
import { type DemoToken, demoTokens } from './people.ts'

const accessFile = fileURLToPath(new URL('../../demo-access.yaml', import.meta.url))
const tokenLifetimeMs = 90 * 86_400_000
const shownCharacters = 18
/** The agency whose admins change its access in the console; that of the others is declared in `demo-access.yaml`. */
const changedByAdmins = 'revenue'

/** The demo's access document with its data sources on these shards. */
export function demoAccess(shards: readonly Shard[]): AccessDocument {
  const document = parseAccessDocument(parse(readFileSync(accessFile, 'utf8')))
  const running = shards.map(({ name, tenants, replicas }) => ({
    name,
    tenants: [...tenants],
    replicas: replicas.map((replica) => ({ name: replica.name, url: replica.prometheus.url })),
  }))
  const orgs = document.orgs.map((org) => ({
    ...org,
    dataSources: org.dataSources.map((source) => ({ ...source, shards: running })),
  }))
  return { ...document, orgs }
}

/** Applies the file; what admins have changed in their org since the first start stays, but its shards may listen elsewhere now. */
async function applyDemoAccess(pool: Pool, { orgs, ...document }: AccessDocument): Promise<void> {
  const theirs = await withOrg(pool, changedByAdmins, findOrg)
  const isReleased = theirs?.managed === 'api'
  await applyAccess(pool, {
    ...document,
    orgs: orgs.filter(({ uid }) => !isReleased || uid !== changedByAdmins),
  })
  await withOrg(pool, changedByAdmins, async (tx) => {
    if (!isReleased) await releaseToApi(tx)
    for (const source of orgs.find(({ uid }) => uid === changedByAdmins)?.dataSources ?? [])
      await updateDataSource(tx, source)
  })
}

async function storeToken(pool: Pool, { name, org }: DemoToken, secret: string): Promise<void> {
  await withOrg(pool, org, (tx) =>
    createToken(tx, {
      serviceAccountUid: name,
      name: 'Printed by npm start',
      prefix: secret.slice(0, shownCharacters),
      hash: hashSecret(secret),
      expiresAt: Date.now() + tokenLifetimeMs,
    }),
  )
}

/** Stores a token; one that was revoked in the meantime is replaced by a new one. */
async function ensureToken(pool: Pool, token: DemoToken, secret: string): Promise<string> {
  try {
    await storeToken(pool, token, secret)
    return secret
  } catch (error) {
    if (!isGatehouseError(error) || error.code !== 'conflict') throw error
    const fresh = newServiceAccountToken()
    await storeToken(pool, token, fresh)
    return fresh
  }
}

/**
 * Makes the demo's agencies, teams, grants, data sources and tokens what `demo-access.yaml` says, and brings in their dashboards.
 * @param tokens Secrets by token name.
 * @returns the secrets that work now: a revoked one has been replaced.
 */
export async function loadAccess(
  appUrl: string,
  shards: readonly Shard[],
  tokens: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const pool = createPool({ url: appUrl, size: 2 })
  try {
    await applyDemoAccess(pool, demoAccess(shards))
    for (const { tenant } of agencies) await storeDashboards(pool, tenant)
    const working: Record<string, string> = {}
    for (const token of demoTokens)
      working[token.name] = await ensureToken(pool, token, tokens[token.name] ?? newServiceAccountToken())
    return working
  } finally {
    await pool.end()
  }
}
