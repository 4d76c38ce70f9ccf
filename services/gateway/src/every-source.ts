import { areDisjoint, type Constraints, type Decision, type OrgPolicy } from '@gatehouse/authz'
import { type Conjunction, createAdmission, type DataSource, narrowTo, type Shard } from '@gatehouse/query'
import { accessKey } from './access.ts'

/** The uid under which everything is asked that the caller may query. */
export const everySource = 'all'

/** Data sources read as one. */
interface Union {
  readonly source: DataSource
  readonly constraints: Constraints
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

/** A shard of the union: shards that have a replica in common are one. */
interface Merged {
  readonly shard: Shard
  /** Uids of the data sources it is in. */
  readonly sources: ReadonlySet<string>
  /** Whether they agree on what it holds of its tenants. */
  readonly isOneSlice: boolean
}

function sliceKey({ slice: { matchers = [], samples }, backend }: Shard): string {
  const keys = matchers.map(({ name, op, value }) => JSON.stringify([name, op, value]))
  return JSON.stringify([keys.toSorted(), samples?.from, samples?.until, backend])
}

function joinShards(all: readonly Shard[], name: string): Shard {
  const [first] = all
  const tenants = [...new Set(all.flatMap(({ slice }) => slice.tenants))]
  const isOneSlice = new Set(all.map(sliceKey)).size === 1
  return {
    name,
    slice: isOneSlice ? { ...first?.slice, tenants } : { tenants },
    replicas: [...new Map(all.flatMap(({ replicas }) => replicas).map((one) => [one.url, one])).values()],
    ...(first?.backend === undefined ? {} : { backend: first.backend }),
  }
}

function mergeShards(sources: readonly DataSource[]): readonly Merged[] {
  let merged: readonly Merged[] = []
  for (const { uid, shards } of sources) {
    for (const shard of shards) {
      const urls = new Set(shard.replicas.map(({ url }) => url))
      const same = merged.filter((other) => other.shard.replicas.some(({ url }) => urls.has(url)))
      const all = [...same.map((one) => one.shard), shard]
      const name = same[0]?.shard.name ?? `${uid}/${shard.name}`
      const one = {
        shard: joinShards(all, name),
        sources: new Set([...same.flatMap((other) => [...other.sources]), uid]),
        isOneSlice: same.every((other) => other.isOneSlice) && new Set(all.map(sliceKey)).size === 1,
      }
      merged = [...merged.filter((other) => !same.includes(other)), one]
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

const shared =
  'a tenant is in shards of several data sources, so its series cannot be told apart; ask one of them'

function matchersOf({ shard }: Merged): Conjunction {
  return shard.slice.matchers ?? []
}

/** Whether a series can be in two shards and counted twice. Shards of different times of one data source are planned for. */
function mayCollide(a: Merged, b: Merged, admits: (tenant: string) => boolean): boolean {
  const others = new Set(b.shard.slice.tenants)
  if (!a.shard.slice.tenants.some((tenant) => others.has(tenant) && admits(tenant))) return false
  const areTimed = a.shard.slice.samples !== undefined && b.shard.slice.samples !== undefined
  if (areTimed && [...a.sources].some((uid) => b.sources.has(uid))) return false
  return !areDisjoint(matchersOf(a), matchersOf(b))
}

/** Why the shards are not disjoint as far as the caller can see, if so. */
function conflictIn(
  shards: readonly Merged[],
  members: readonly Member[],
  alternatives: readonly Conjunction[],
) {
  const labels = new Set(members.map(({ source }) => source.tenantLabel))
  const [label = ''] = labels
  if (labels.size > 1) return 'the data sources have different tenant labels; ask one of them'
  const onTenant = alternatives.map((matchers) => matchers.filter(({ name }) => name === label))
  const admission = createAdmission(onTenant)
  const admits = (tenant: string): boolean => admission({ [label]: tenant })
  const isAdmitted = ({ shard }: Merged): boolean => shard.slice.tenants.some(admits)
  if (shards.some((one) => !one.isOneSlice && isAdmitted(one)))
    return 'data sources differ in what a shard of theirs holds; ask one of them'
  const collides = shards.some((one, i) =>
    shards.slice(i + 1).some((other) => mayCollide(one, other, admits)),
  )
  return collides ? shared : undefined
}

/** An engine sees the shards of its own data source only. */
function engineOf([first, ...others]: readonly Member[]): Shard | undefined {
  return others.length === 0 ? first?.source.engine : undefined
}

/** The step of sub-queries that all members name. */
function commonInterval(members: readonly Member[]): number | undefined {
  const intervals = new Set(members.map(({ source }) => source.evaluationInterval))
  return intervals.size === 1 ? [...intervals][0] : undefined
}

function unite({ policy, dataSources }: State, members: readonly Member[]): Union {
  const merged = mergeShards(members.map(({ source }) => source))
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
      shards: merged.map(({ shard }) => shard),
      engine: engineOf(members),
      evaluationInterval: commonInterval(members),
      allowsPartial: members.every(({ source }) => source.allowsPartial === true),
      unites: members.map(({ source }) => source.uid),
    },
    constraints: { alternatives },
    conflict: conflictIn(merged, members, alternatives),
  }
}

// The same objects from request to request: what is planned for them is remembered by identity.
const known = new WeakMap<State['dataSources'], Map<string, Union>>()
const maxKnown = 500

function nothing({ policy }: State, decisions: readonly Decision[]): Combined {
  const reason = decisions.find((decision) => !decision.allowed)?.reason ?? 'the grants admit no series'
  const { orgUid, version } = policy
  return {
    source: { uid: everySource, orgUid, name: 'All', version: 0, tenantLabel: '', shards: [], unites: [] },
    decision: { allowed: false, reason, policyVersion: version },
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
  const because = members.flatMap(({ decision }) => decision.because)
  return { ...rest, decision: { allowed: true, because, constraints, policyVersion: state.policy.version } }
}
