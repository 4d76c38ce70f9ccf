import type { Constraints, Decision, OrgPolicy } from '@gatehouse/authz'
import { type Conjunction, createAdmission, type DataSource, narrowTo, type Shard } from '@gatehouse/query'
import { accessKey } from './access.ts'

/** The uid under which everything is asked that the caller may query. */
export const everySource = 'all'

/** Data sources read as one. */
interface Union {
  readonly source: DataSource
  readonly constraints: Constraints
  /** Uids of the data sources in it. */
  readonly members: string
  /** Why series of it cannot be told apart, if so: then nothing that counts them is exact. */
  readonly conflict: string | undefined
}

/** Data sources read as one, by a decision on all of them. */
export interface Combined extends Omit<Union, 'constraints'> {
  readonly decision: Decision
}

interface State {
  readonly policy: OrgPolicy
  readonly dataSources: ReadonlyMap<string, DataSource>
}

type Allowed = Extract<Decision, { allowed: true }>

interface Member {
  readonly source: DataSource
  readonly decision: Allowed
}

/** Shards that have a replica in common are one. */
function mergeShards(sources: readonly DataSource[]): readonly Shard[] {
  let merged: Shard[] = []
  for (const { uid, shards } of sources) {
    for (const shard of shards) {
      const urls = new Set(shard.replicas.map(({ url }) => url))
      const isSame = (other: Shard): boolean => other.replicas.some(({ url }) => urls.has(url))
      const all = [...merged.filter(isSame), shard]
      const [{ name } = shard] = all
      merged = [
        ...merged.filter((other) => !isSame(other)),
        {
          name: all.length === 1 ? `${uid}/${name}` : name,
          slice: { tenants: [...new Set(all.flatMap(({ slice }) => slice.tenants))] },
          replicas: [
            ...new Map(all.flatMap(({ replicas }) => replicas).map((one) => [one.url, one])).values(),
          ],
        },
      ]
    }
  }
  return merged
}

function tenantsOf({ shards }: DataSource): readonly string[] {
  return shards.flatMap(({ slice }) => slice.tenants)
}

/** What the members admit together. A grant on one data source says nothing about the tenants of another. */
function alternativesOf(members: readonly Member[], isEvery: boolean): readonly Conjunction[] {
  const [first] = members
  const keys = new Set(members.map(({ decision }) => accessKey(decision.constraints)))
  if (first !== undefined && isEvery && keys.size === 1) return first.decision.constraints.alternatives
  const narrowed = members.flatMap(({ source, decision }) =>
    narrowTo(decision.constraints.alternatives, source.tenantLabel, tenantsOf(source)),
  )
  return [...new Map(narrowed.map((one) => [JSON.stringify(one), one])).values()]
}

/** Why the shards are not disjoint as far as the caller can see, if so. */
function conflictIn(
  shards: readonly Shard[],
  members: readonly Member[],
  alternatives: readonly Conjunction[],
) {
  const labels = new Set(members.map(({ source }) => source.tenantLabel))
  const [label = ''] = labels
  if (labels.size > 1) return 'the data sources have different tenant labels; ask one of them'
  const onTenant = alternatives.map((matchers) => matchers.filter(({ name }) => name === label))
  const admits = createAdmission(onTenant)
  const seen = new Set<string>()
  for (const tenant of shards.flatMap(({ slice }) => slice.tenants)) {
    if (seen.has(tenant) && admits({ [label]: tenant }))
      return 'a tenant is in shards of several data sources, so its series cannot be told apart; ask one of them'
    seen.add(tenant)
  }
  return undefined
}

function unite({ policy, dataSources }: State, members: readonly Member[]): Union {
  const shards = mergeShards(members.map(({ source }) => source))
  const alternatives = alternativesOf(members, members.length === dataSources.size)
  const [
    {
      source: { tenantLabel },
    } = { source: { tenantLabel: '' } },
  ] = members
  return {
    source: {
      uid: everySource,
      orgUid: policy.orgUid,
      name: 'All',
      // Grows with every change of the org's settings, so of any of its data sources.
      version: Number.parseInt(policy.version, 10),
      tenantLabel,
      shards,
      allowsPartial: members.every(({ source }) => source.allowsPartial === true),
    },
    constraints: { alternatives },
    members: members.map(({ source }) => source.uid).join(' '),
    conflict: conflictIn(shards, members, alternatives),
  }
}

// The same objects from request to request: what is planned for them is remembered by identity.
const known = new WeakMap<State['dataSources'], Map<string, Union>>()
const maxKnown = 500
/** An audit event stays small. */
const maxBecause = 32

function nothing({ policy }: State, decisions: readonly Decision[]): Combined {
  const reason = decisions.find((decision) => !decision.allowed)?.reason ?? 'the grants admit no series'
  const { orgUid, version } = policy
  return {
    source: { uid: everySource, orgUid, name: 'All', version: 0, tenantLabel: '', shards: [] },
    decision: { allowed: false, reason, policyVersion: version },
    members: '',
    conflict: undefined,
  }
}

/** All data sources of an org on which `decide` allows something, as one: shards they share count once. */
export function combineSources(state: State, decide: (source: DataSource) => Decision): Combined {
  const decided = [...state.dataSources.values()].map((source) => ({ source, decision: decide(source) }))
  const members = decided.filter(
    (one): one is Member => one.decision.allowed && one.decision.constraints.alternatives.length > 0,
  )
  if (members.length === 0)
    return nothing(
      state,
      decided.map(({ decision }) => decision),
    )
  const key = JSON.stringify(
    members.map(({ source, decision }) => [source.uid, accessKey(decision.constraints)]),
  )
  const unions = known.get(state.dataSources) ?? new Map<string, Union>()
  known.set(state.dataSources, unions)
  const union = unions.get(key) ?? unite(state, members)
  if (unions.size >= maxKnown) unions.clear()
  unions.set(key, union)
  const { constraints, ...rest } = union
  const because = members.flatMap(({ decision }) => decision.because).slice(0, maxBecause)
  return { ...rest, decision: { allowed: true, because, constraints, policyVersion: state.policy.version } }
}
