import type { Matcher } from '@gatehouse/promql'
import type { Conjunction, DataSource, Shard } from './model.ts'
import { isContradiction, isSameMatcher, pinnedValues } from './partition/conjunction.ts'
import { literalMatcher } from './partition/literal.ts'
import { matchOf } from './partition/match.ts'

/** Whether a shard can hold series that all of `matchers` admit. A regex that cannot be read here admits everything. */
function canHold({ slice }: Shard, matchers: Conjunction, tenantLabel: string): boolean {
  const onTenant = matchers.filter(({ name }) => name === tenantLabel).map(admission)
  if (!slice.tenants.some((tenant) => onTenant.every((admits) => admits(tenant)))) return false
  const own = slice.matchers ?? []
  const names = new Set(own.map(({ name }) => name))
  return own.length === 0 || !isContradiction([...own, ...matchers.filter(({ name }) => names.has(name))])
}

function admission(matcher: Matcher): (tenant: string) => boolean {
  return matchOf(matcher) ?? (() => true)
}

/**
 * The shards of a data source that can hold series of any of the selectors, going by their matchers on the tenant label and on what
 * shards are divided by. `selectors` are enforced ones: an unconstrained selector reaches every shard.
 */
export function pruneShards(selectors: readonly Conjunction[], source: DataSource): readonly Shard[] {
  return source.shards.filter((shard) =>
    selectors.some((matchers) => canHold(shard, matchers, source.tenantLabel)),
  )
}

/** More tenants than this make no matcher. */
const maxNarrowed = 1_000

/**
 * What `matchers` do not say yet of the series a shard is to answer with: asked of several shards, a series that lies in two of them counts
 * once.
 */
export function sliceMatchers({ slice }: Shard, matchers: Conjunction, tenantLabel: string): Conjunction {
  const own = (slice.matchers ?? []).filter((one) => !matchers.some((other) => isSameMatcher(one, other)))
  const pinned = pinnedValues(matchers, tenantLabel)
  const isPinned = pinned !== undefined && [...pinned].every((tenant) => slice.tenants.includes(tenant))
  if (isPinned || slice.tenants.length > maxNarrowed) return own
  return [literalMatcher(tenantLabel, slice.tenants), ...own]
}

const newest = new WeakMap<DataSource, DataSource>()

/** A data source with those of its shards only that hold the newest samples: what asks for the latest must not get older ones besides. */
export function withNewest(source: DataSource): DataSource {
  const known = newest.get(source)
  if (known !== undefined) return known
  const shards = source.shards.filter(({ slice }) => slice.samples?.until === undefined)
  const narrowed = shards.length === source.shards.length ? source : { ...source, shards }
  newest.set(source, narrowed)
  return narrowed
}
