import { parseAccessDocument, readDashboard } from '@gatehouse/authz'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshDatabase, type TestDatabase } from '../../../../test/support/postgres.ts'
import { applyAccess } from '../apply/apply-access.ts'
import { createPool, type Pool } from '../pool.ts'
import { readSnapshot } from '../snapshot.ts'
import { withOrg } from '../transaction.ts'
import {
  approveDashboard,
  createDashboard,
  deleteDashboard,
  findDashboard,
  listDashboards,
  updateDashboard,
} from './dashboards.ts'
import { listDashboardVersions, readDashboardContent } from './versions.ts'

let database: TestDatabase
let pool: Pool

beforeAll(async () => {
  database = await freshDatabase()
  pool = createPool({ url: database.appUrl })
  const org = (uid: string): object => ({ uid, name: uid, folders: [{ uid: 'ops', title: 'Ops' }] })
  const orgs = [org('health'), org('transport')]
  await applyAccess(pool, parseAccessDocument({ apiVersion: 'gatehouse/v1', kind: 'Access', orgs }))
})
afterAll(async () => {
  await pool.end()
  await database.drop()
})

const contentOf = (expr: string) => ({ title: 'Board', panels: [{ title: 'P', targets: [{ expr }] }] })
const save = (uid: string, expr: string, folderUid?: string) => ({
  uid,
  folderUid,
  title: 'Board',
  content: contentOf(expr),
  message: 'why',
  savedBy: 'u-1',
})
const approval = {
  by: { kind: 'team', uid: 'owners' } as const,
  dataSources: ['main'],
  constraints: ['{env="prod"}'],
}
const health = <T>(work: Parameters<typeof withOrg<T>>[2]): Promise<T> => withOrg(pool, 'health', work)

describe('dashboards', () => {
  it('are kept with every version', async () => {
    const made = await health((tx) => createDashboard(tx, save('a', 'up', 'ops')))
    expect(made).toMatchObject({ uid: 'a', orgUid: 'health', folderUid: 'ops', version: 1 })
    expect(made.approval).toBeUndefined()
    const keep = { expected: 1, keepsApproval: false }
    const next = await health((tx) => updateDashboard(tx, save('a', 'down'), keep))
    expect(next).toMatchObject({ version: 2, folderUid: undefined })
    const versions = await health((tx) => listDashboardVersions(tx, 'a'))
    expect(versions.map(({ version, message, savedBy }) => [version, message, savedBy])).toEqual([
      [2, 'why', 'u-1'],
      [1, 'why', 'u-1'],
    ])
    expect(await health((tx) => readDashboardContent(tx, 'a', 1))).toEqual(contentOf('up'))
    await expect(health((tx) => readDashboardContent(tx, 'a', 3))).rejects.toMatchObject({
      code: 'not_found',
    })
  })

  it('are changed only by who saw the last version, also when two save at once', async () => {
    await health((tx) => createDashboard(tx, save('b', 'up')))
    const attempts = Array.from({ length: 8 }, (_, n) =>
      health((tx) => updateDashboard(tx, save('b', `up${n}`), { expected: 1, keepsApproval: false })).then(
        () => 'saved',
        (error: { code: string }) => error.code,
      ),
    )
    expect((await Promise.all(attempts)).toSorted()).toEqual([
      ...Array.from({ length: 7 }, () => 'precondition_failed'),
      'saved',
    ])
    const stale = { uid: 'b', version: 1 }
    const late = [
      () => health((tx) => deleteDashboard(tx, stale)),
      () => health((tx) => approveDashboard(tx, stale, approval)),
    ]
    for (const change of late) await expect(change()).rejects.toMatchObject({ code: 'precondition_failed' })
  })

  it('are listed by folder, of one org only', async () => {
    await health((tx) => createDashboard(tx, save('c', 'up', 'ops')))
    const uids = async (folder?: string | null): Promise<string[]> =>
      (await health((tx) => listDashboards(tx, folder))).map(({ uid }) => uid)
    expect([await uids('ops'), await uids(null), await uids()]).toEqual([['c'], ['a', 'b'], ['a', 'b', 'c']])
    const tagged = { ...save('d', 'up'), content: { ...contentOf('up'), tags: ['ml', 'drift'] } }
    await health((tx) => createDashboard(tx, tagged))
    const withTags = async (...tags: string[]): Promise<string[]> =>
      (await health((tx) => listDashboards(tx, undefined, tags))).map(({ uid }) => uid)
    expect([await withTags('drift', 'ml'), await withTags('ml', 'no')]).toEqual([['d'], []])
    await health((tx) => deleteDashboard(tx, { uid: 'd', version: 1 }))
    await withOrg(pool, 'transport', async (tx) => {
      expect(await listDashboards(tx)).toEqual([])
      expect(await findDashboard(tx, 'a')).toBeUndefined()
      expect(await listDashboardVersions(tx, 'a')).toEqual([])
      await expect(deleteDashboard(tx, { uid: 'a', version: 2 })).rejects.toMatchObject({
        code: 'precondition_failed',
      })
    })
  })

  it('are refused in folders that do not exist, or of another org, or twice', async () => {
    for (const bad of [save('d', 'up', 'nowhere'), save('a', 'up')])
      await expect(health((tx) => createDashboard(tx, bad))).rejects.toMatchObject({ code: 'conflict' })
  })
})

describe('an approval', () => {
  const inSnapshot = async () => (await health(readSnapshot)).dashboards.find(({ uid }) => uid === 'e')

  it('is in the snapshot with what decides the queries, under a new policy version', async () => {
    await health((tx) => createDashboard(tx, save('e', 'up', 'ops')))
    expect(await inSnapshot()).toBeUndefined()
    const before = (await health(readSnapshot)).policy.version
    await health((tx) => approveDashboard(tx, { uid: 'e', version: 1 }, approval))
    expect((await health(readSnapshot)).policy.version).not.toBe(before)
    expect(await inSnapshot()).toEqual({
      uid: 'e',
      folderUid: 'ops',
      version: 1,
      approval: { ...approval, constraints: [[{ name: 'env', op: '=', value: 'prod' }]] },
      content: {
        uid: undefined,
        title: 'Board',
        variables: [],
        queries: [{ where: 'P', kind: 'panel', text: 'up' }],
      },
    })
  })

  it('loses nothing of what decides the queries on the way through the store', async () => {
    const query = {
      type: 'query',
      multi: true,
      includeAll: true,
      allValue: '.+',
      regex: '/^s.*/',
      query: 'label_values(up, x)',
    }
    const list = [
      { name: 'a', ...query },
      { name: 'b', type: 'custom', query: 'x,y' },
      { name: 'c', type: 'textbox', query: 'z' },
      { name: 'd', type: 'interval', query: '1m,5m' },
    ]
    const content = {
      title: 'Whole',
      panels: [{ title: 'P', targets: [{ expr: 'up{x=~"$a",y="$b"}', exemplar: true }] }],
      uid: 'whole',
      annotations: { list: [{ name: 'N', expr: 'changes(up[5m])' }] },
      templating: { list },
    }
    await health((tx) => createDashboard(tx, { ...save('whole', 'up'), content }))
    await health((tx) => approveDashboard(tx, { uid: 'whole', version: 1 }, approval))
    const { dashboards } = await health(readSnapshot)
    expect(dashboards.find(({ uid }) => uid === 'whole')?.content).toStrictEqual(readDashboard(content))
    await health((tx) => deleteDashboard(tx, { uid: 'whole', version: 1 }))
  })

  it('ends with the next version unless that is said to run the same', async () => {
    await health((tx) => updateDashboard(tx, save('e', 'up'), { expected: 1, keepsApproval: true }))
    expect((await inSnapshot())?.version).toBe(2)
    await health((tx) => updateDashboard(tx, save('e', 'secret'), { expected: 2, keepsApproval: false }))
    expect(await inSnapshot()).toBeUndefined()
    expect((await health((tx) => findDashboard(tx, 'e')))?.approval).toBeUndefined()
  })

  it('is refused with a constraint that says nothing, and gives nothing if one cannot be read', async () => {
    const at = { uid: 'e', version: 3 }
    await expect(
      health((tx) => approveDashboard(tx, at, { ...approval, constraints: ['{}'] })),
    ).rejects.toMatchObject({ code: 'bad_data' })
    await health((tx) => approveDashboard(tx, at, approval))
    await health((tx) => tx.rows(`update dashboards set approved_constraints = '{"{env=~"}' where uid = 'e'`))
    expect(await inSnapshot()).toBeUndefined()
    await health((tx) => approveDashboard(tx, at, undefined))
    expect((await health((tx) => findDashboard(tx, 'e')))?.approval).toBeUndefined()
  })
})
