import { join } from 'node:path'
import { parseAccessDocument } from '@gatehouse/authz'
import { parseConfig } from '@gatehouse/config'
import { startControl } from '@gatehouse/control'
import { hashServiceAccountToken, newServiceAccountToken } from '@gatehouse/identity'
import { freePort, temporaryDir } from '@gatehouse/local'
import { applyAccess, createToken, type Pool, withOrg } from '@gatehouse/store'
import { createLogger } from '@gatehouse/telemetry'

/** Control, and an auditor of every org and of the platform to ask it. */
export interface AuditApi {
  /** Gives the parsed answer of `/api/v1/audit<path>`. @throws Error unless it is a success */
  ask(who: string, path: string): Promise<unknown>
  close(): Promise<void>
}

const auditor = (uid: string, isPlatform = false) => ({
  uid,
  name: uid,
  tenants: isPlatform ? [] : [uid],
  ...(isPlatform ? { platform: true } : {}),
  serviceAccounts: [{ uid: 'auditor', name: 'Auditor' }],
  grants: [{ serviceAccount: 'auditor', role: 'auditor' }],
})

async function tokenOf(pool: Pool, orgUid: string): Promise<string> {
  const token = newServiceAccountToken()
  const row = { serviceAccountUid: 'auditor', name: 'bench', prefix: token.slice(0, 16) }
  const hash = hashServiceAccountToken(token) ?? ''
  await withOrg(pool, orgUid, (tx) => createToken(tx, { ...row, hash, expiresAt: Date.now() + 86_400_000 }))
  return token
}

/** Starts control on the store. */
export async function startAuditApi(pool: Pool, appUrl: string, orgs: readonly string[]): Promise<AuditApi> {
  await applyAccess(
    pool,
    parseAccessDocument({
      apiVersion: 'gatehouse/v1',
      kind: 'Access',
      orgs: [...orgs.map((uid) => auditor(uid)), auditor('platform', true)],
    }),
  )
  const tokens = new Map<string, string>()
  for (const uid of [...orgs, 'platform']) tokens.set(uid, await tokenOf(pool, uid))
  const dir = temporaryDir()
  const config = parseConfig(
    JSON.stringify({
      database: { url: appUrl },
      control: { listenAddress: `127.0.0.1:${await freePort()}`, trustProxy: ['loopback'] },
      audit: { spoolDir: join(dir.path, 'spool') },
    }),
  )
  const control = await startControl(config, { log: createLogger({ name: 'bench', level: 'error' }) })
  let calls = 0
  return {
    async ask(who, path) {
      calls += 1
      const headers = {
        authorization: `Bearer ${tokens.get(who)}`,
        // Limits by address are not what is measured.
        'x-forwarded-for': `10.${calls >> 16}.${(calls >> 8) & 255}.${calls & 255}`,
      }
      const response = await fetch(`${control.url}/api/v1/audit${path}`, { headers })
      if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
      return response.json()
    },
    async close() {
      await control.close()
      dir.remove()
    },
  }
}
