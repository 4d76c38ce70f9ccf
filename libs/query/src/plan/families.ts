import type { Conjunction, Shard } from '../model.ts'

/** Shards that hold the same series: one, or several that hold different times of them. */
export interface Family {
  readonly shards: readonly Shard[]
  /** The tenants that all of them hold and only they do, as far as their matchers go. */
  readonly tenants: readonly string[]
  /** What else holds for every series of theirs. */
  readonly matchers: Conjunction
}

// A data source's shards stay the same array from query to query.
const remembered = new WeakMap<readonly Shard[], readonly Family[]>()

/** The families of a data source's shards, in the order of the shards. */
export function familiesOf(shards: readonly Shard[]): readonly Family[] {
  const known = remembered.get(shards) ?? findFamilies(shards)
  remembered.set(shards, known)
  return known
}

function matchersOf({ slice }: Shard): Conjunction {
  return slice.matchers ?? []
}

/** Shards of one tenant hold the same series if their matchers are the same. */
function matchersKey(shard: Shard): string {
  const keys = matchersOf(shard).map(({ name, op, value }) => JSON.stringify([name, op, value]))
  return [...new Set(keys)].toSorted().join()
}

function findFamilies(shards: readonly Shard[]): readonly Family[] {
  const byTenant = new Map<string, number[]>()
  shards.forEach(({ slice }, index) => {
    for (const tenant of new Set(slice.tenants))
      byTenant.set(tenant, [...(byTenant.get(tenant) ?? []), index])
  })
  const tenantsOf = new Map<string, string[]>()
  for (const [tenant, indices] of byTenant) {
    const groups = Map.groupBy(indices, (index) => {
      const shard = shards[index]
      return shard === undefined ? '' : matchersKey(shard)
    })
    for (const group of groups.values()) {
      const key = group.join()
      const tenants = tenantsOf.get(key) ?? []
      tenantsOf.set(key, tenants)
      tenants.push(tenant)
    }
  }
  const families = [...tenantsOf].map(([key, tenants]) => {
    const members = key.split(',').map(Number)
    const own = shards.filter((_, index) => members.includes(index))
    return {
      first: members[0] ?? 0,
      family: { shards: own, tenants, matchers: own[0] ? matchersOf(own[0]) : [] },
    }
  })
  return families.toSorted((a, b) => a.first - b.first).map(({ family }) => family)
}
