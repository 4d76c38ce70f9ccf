import { setTimeout as sleep } from 'node:timers/promises'
import { parseAccessDocument } from '@gatehouse/authz'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { freshDatabase, type TestDatabase } from '../../../../test/support/postgres.ts'
import { createGrant, listGrants, type NewGrant } from '../grants.ts'
import { createPool, type Pool } from '../pool.ts'
import { withOrg, withTransaction } from '../transaction.ts'
import { applyAccess, applyAccessIn } from './apply-access.ts'
import { releaseToApi } from './release.ts'

let database: TestDatabase
let pool: Pool
const files = parseAccessDocument({
  apiVersion: 'gatehouse/v1',
  kind: 'Access',
  orgs: [
    {
      uid: 'health',
      name: 'Health',
      teams: [{ uid: 'crew', name: 'Crew' }],
      grants: [{ uid: 'declared', team: 'crew', role: 'viewer' }],
    },
  ],
})

beforeAll(async () => {
  database = await freshDatabase()
  pool = createPool({ url: database.appUrl, size: 25 })
})
afterAll(async () => {
  await pool.end()
  await database.drop()
})
const release = () => withOrg(pool, 'health', releaseToApi)
beforeEach(async () => {
  await applyAccess(pool, files, { adopt: true })
  await release()
})

const throughApi: NewGrant = {
  subject: { kind: 'team', uid: 'crew' },
  role: 'org-admin',
  where: { kind: 'org' },
  constraints: [],
  notBefore: undefined,
  expiresAt: undefined,
  reason: '',
}
const grant = () => withOrg(pool, 'health', (tx) => createGrant(tx, throughApi))
const roles = async () =>
  (await withOrg(pool, 'health', listGrants)).map(({ role }) => role).toSorted((a, b) => (a < b ? -1 : 1))

/** Runs `second` while what `first` did is not committed yet, and tells whether it waited. */
async function during<T>(
  first: (hold: () => Promise<void>) => Promise<unknown>,
  second: () => Promise<T>,
): Promise<{ readonly waited: boolean; readonly outcome: PromiseSettledResult<T> }> {
  const [done, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const began = first(async () => {
    held.resolve()
    await done.promise
  })
  await held.promise
  const other = Promise.allSettled([second()])
  const waited = (await Promise.race([other, sleep(300, 'waits')])) === 'waits'
  done.resolve()
  await began
  return { waited, outcome: (await other)[0] }
}

const declaredInFiles = { status: 'rejected', reason: { code: 'conflict' } }

describe('files that adopt an org while it is changed through the API', () => {
  it('let nothing in that comes second', async () => {
    const adopt = (hold: () => Promise<void>) =>
      withTransaction(pool, async (tx) => {
        await applyAccessIn(tx, files, { adopt: true })
        await hold()
      })
    expect(await during(adopt, grant)).toMatchObject({ waited: true, outcome: declaredInFiles })
    expect(await roles()).toEqual(['viewer'])
  })

  it('wait for what came first, and take it away', async () => {
    const change = (hold: () => Promise<void>) =>
      withOrg(pool, 'health', async (tx) => {
        await createGrant(tx, throughApi)
        await hold()
      })
    const adopted = await during(change, () => applyAccess(pool, files, { adopt: true }))
    expect(adopted).toMatchObject({ waited: true, outcome: { status: 'fulfilled' } })
    expect(await roles()).toEqual(['viewer'])
    await expect(grant()).rejects.toMatchObject({ code: 'conflict' })
  })

  it('are refused when the org is handed back at that moment', async () => {
    await applyAccess(pool, files, { adopt: true })
    const handBack = (hold: () => Promise<void>) =>
      withOrg(pool, 'health', async (tx) => {
        await releaseToApi(tx)
        await hold()
      })
    const refused = await during(handBack, () => applyAccess(pool, files))
    expect(refused).toMatchObject({ waited: true, outcome: declaredInFiles })
    await grant()
  })
})

it('changes through the API wait for each other and none is lost', async () => {
  await Promise.all(Array.from({ length: 20 }, grant))
  expect(await roles()).toHaveLength(21)
})
