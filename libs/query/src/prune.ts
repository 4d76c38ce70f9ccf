import type { Matcher } from '@gatehouse/promql'
import { RE2JS } from 're2js'
import type { Conjunction, DataSource, Shard } from './model.ts'

/** Whether a matcher admits a label value. A regex this engine cannot read admits everything: pruning must not lose series. */
function admits({ op, value }: Matcher, labelValue: string): boolean {
  switch (op) {
    case '=':
      return labelValue === value
    case '!=':
      return labelValue !== value
    case '=~':
      return matchesRegex(value, labelValue) ?? true
    case '!~':
      return !(matchesRegex(value, labelValue) ?? false)
  }
}

function matchesRegex(pattern: string, text: string): boolean | undefined {
  try {
    return RE2JS.compile(pattern, RE2JS.DOTALL).matches(text)
  } catch {
    return undefined
  }
}

/** Whether a shard can hold series that all of `matchers` admit. */
function canHold(shard: Shard, matchers: Conjunction, tenantLabel: string): boolean {
  const onTenant = matchers.filter(({ name }) => name === tenantLabel)
  return shard.slice.tenants.some((tenant) => onTenant.every((matcher) => admits(matcher, tenant)))
}

/**
 * The shards of a data source that can hold series of any of the selectors, going by their matchers on the tenant label.
 * `selectors` are enforced ones: an unconstrained selector reaches every shard.
 */
export function pruneShards(selectors: readonly Conjunction[], source: DataSource): readonly Shard[] {
  return source.shards.filter((shard) =>
    selectors.some((matchers) => canHold(shard, matchers, source.tenantLabel)),
  )
}
