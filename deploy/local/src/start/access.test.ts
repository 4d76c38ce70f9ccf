import { describe, expect, it } from 'vitest'
import { agencies } from '../demo/agencies.ts'
import { shardPlans } from '../demo/shards.ts'
import { demoAccess } from './access.ts'
import { dataSourceUid, demoPeople, demoTokens } from './people.ts'

const document = demoAccess([])
const org = (uid: string) => document.orgs.find((one) => one.uid === uid)

describe('demo-access.yaml', () => {
  it('gives every agency its own tenant, teams and data source', () => {
    for (const { tenant, teams } of agencies) {
      expect(org(tenant)?.tenants).toEqual([tenant])
      expect(org(tenant)?.dataSources.map(({ uid }) => uid)).toEqual([dataSourceUid])
      expect(org(tenant)?.teams.map(({ uid }) => uid)).toEqual(
        expect.arrayContaining(teams.map(({ name }) => name)),
      )
    }
    expect(shardPlans.flatMap(({ tenants }) => tenants)).toEqual(agencies.map(({ tenant }) => tenant))
  })

  it.each(demoPeople)('has the teams and the role of $signIn', ({ org: uid, groups, teams, role }) => {
    const mapped = org(uid)?.teams.filter(({ idpGroups }) =>
      idpGroups.some((group) => groups.includes(group)),
    )
    expect(mapped?.map((team) => team.uid)).toEqual(teams)
    const roles = org(uid)?.grants.flatMap((grant) =>
      'team' in grant && teams.includes(grant.team) ? [grant.role] : [],
    )
    expect(roles).toContain(role)
  })

  it.each(demoTokens)('has the service account $name with a grant of its own', ({ name, org: uid, team }) => {
    expect(org(uid)?.serviceAccounts).toContainEqual(expect.objectContaining({ uid: name, team }))
    expect(org(uid)?.grants.some((grant) => 'serviceAccount' in grant && grant.serviceAccount === name)).toBe(
      true,
    )
  })
})
