import { checkCapability, readDashboard, seededRandom } from '@gatehouse/authz'
import { describe, expect, it } from 'vitest'
import { demoTargets } from '../demo/targets.ts'
import { demoAccess } from './access.ts'
import { demoDashboards } from './dashboards.ts'
import { dataSourceUid } from './people.ts'

const boards = demoDashboards()
const scraped = new Set(
  demoTargets(Date.UTC(2026, 9, 1) / 1000).flatMap(({ families }) =>
    families.flatMap(({ series }) => series.map(({ name }) => name)),
  ),
)
/** What the rules of the demo add to what is scraped. */
const recorded = ['ml:feature_drift:psi1d', 'ALERTS']

describe('the dashboards of the demo', () => {
  it('are those of a model in operation', () => {
    expect(boards.map(({ uid }) => uid)).toEqual([
      'experiment-against-production',
      'model-drift',
      'model-fairness',
      'model-health',
      'model-objectives',
    ])
  })

  it.each(boards)('$uid is a capability in full, and nothing beside it is', ({ content }) => {
    const check = checkCapability(readDashboard(content), { random: seededRandom(7), rounds: 5 })
    expect(check.refused).toEqual([])
    expect(check.notAdmitted).toEqual([])
    expect(check.missesAdmitted).toEqual([])
    expect(check.missesTried).toBeGreaterThan(100)
  })

  it.each(boards)('$uid asks for metrics that the demo has', ({ content }) => {
    const names = readDashboard(content).queries.flatMap(({ text }) =>
      [...text.matchAll(/([a-zA-Z_:][\w:]*)(?=\{)/g)].map(([name]) => name),
    )
    expect(names.filter((name) => !scraped.has(name) && !recorded.includes(name))).toEqual([])
  })

  it('are stood for by an account of each agency that may query its series', () => {
    const document = demoAccess([])
    for (const { uid, dataSources, folders, serviceAccounts, grants } of document.orgs) {
      if (dataSources.length === 0) continue
      expect(folders.map((folder) => folder.uid)).toContain('models')
      const account = `${uid}-dashboards`
      expect(serviceAccounts.map((one) => one.uid)).toContain(account)
      expect(grants).toContainEqual(
        expect.objectContaining({
          serviceAccount: account,
          role: 'viewer',
          on: { dataSource: dataSourceUid },
        }),
      )
    }
  })
})
