import { matchesEmpty } from '@gatehouse/promql'
import { createAdmission } from './admission.ts'
import { constraintSelector } from './enforce.ts'
import type { Conjunction, DataSource, Shard } from './model.ts'
import { isSameMatcher } from './partition/conjunction.ts'
import { literalMatcher } from './partition/literal.ts'
import { commonMatchers } from './plan/alternatives.ts'
import { pruneShards } from './prune.ts'
import { labelValuesRequest, printEnforced, type UpstreamRequest } from './upstream-request.ts'

/** A Mimir refuses longer headers than its server reads. */
const maxHeaderChars = 16_384

function tenantsOf(shard: Shard, alternatives: readonly Conjunction[], label: string): readonly string[] {
  const admits = createAdmission(alternatives.map((one) => one.filter(({ name }) => name === label)))
  return shard.slice.tenants.filter((tenant) => admits({ [label]: tenant }))
}

function textOf(alternative: Conjunction): string {
  return printEnforced(constraintSelector(alternative))
}

/** Mimir's header: for every tenant the alternatives that admit it, of which one must hold. */
function labelPolicy(shard: Shard, alternatives: readonly Conjunction[], label: string): string {
  return tenantsOf(shard, alternatives, label)
    .flatMap((tenant) =>
      alternatives
        .filter((one) => tenantsOf(shard, [one], label).includes(tenant))
        .map((one) => `${tenant}:${encodeURIComponent(textOf(one))}`),
    )
    .join(',')
}

/** Parameters that make VictoriaMetrics filter, answer whole or not at all, and leave the times of a range as they are. */
function filters(alternatives: readonly Conjunction[]): string {
  const pairs = alternatives.map((one) => `extra_filters%5B%5D=${encodeURIComponent(textOf(one))}`)
  return [...pairs, 'deny_partial_response=1', 'nocache=1'].join('&')
}

/** The request with what its shard's backend is told of who asks: made anew, of nothing the caller sent. */
export function nativeRequest(
  request: UpstreamRequest,
  shard: Shard,
  {
    alternatives,
    tenantLabel,
  }: { readonly alternatives: readonly Conjunction[]; readonly tenantLabel: string },
): UpstreamRequest {
  switch (shard.backend) {
    case undefined:
      return request
    case 'victoriametrics': {
      const form = [request.form, filters(alternatives)].filter((part) => part !== '').join('&')
      return { ...request, form }
    }
    case 'mimir': {
      const tenants = tenantsOf(shard, alternatives, tenantLabel)
      const policy = labelPolicy(shard, alternatives, tenantLabel)
      const orgId = { 'x-scope-orgid': tenants.toSorted().join('|') }
      const isShort = policy.length <= maxHeaderChars
      return { ...request, headers: isShort ? { ...orgId, 'x-prom-label-policy': policy } : orgId }
    }
    case 'thanos': {
      const [tenant = ''] = shard.slice.tenants
      return { ...request, headers: { 'thanos-tenant': tenant } }
    }
  }
}

/** Whether a shard's backend can be told of these alternatives as a whole. */
function canTell(shard: Shard, alternatives: readonly Conjunction[], label: string): boolean {
  if (shard.backend === 'victoriametrics') return true
  return shard.backend === 'mimir' && labelPolicy(shard, alternatives, label).length <= maxHeaderChars
}

/**
 * One conjunction that admits at least what the alternatives admit: for queries to backends that are told of the alternatives besides
 * and admit no more. Undefined where some shard's backend is not such a one.
 */
export function coverOf(alternatives: readonly Conjunction[], source: DataSource): Conjunction | undefined {
  const { tenantLabel } = source
  const shards = pruneShards(alternatives, source)
  if (shards.length === 0 || !shards.every((shard) => canTell(shard, alternatives, tenantLabel)))
    return undefined
  const tenants = new Set(shards.flatMap((shard) => tenantsOf(shard, alternatives, tenantLabel)))
  const onTenant = literalMatcher(tenantLabel, [...tenants].toSorted())
  const others = commonMatchers(alternatives).filter((matcher) => !isSameMatcher(matcher, onTenant))
  return tenants.size === 0 || matchesEmpty(onTenant) ? undefined : [onTenant, ...others]
}

const divided = new WeakMap<DataSource, DataSource>()

/** A data source each of whose Thanos shards stands once for each tenant: its header names one only. */
export function perTenant(source: DataSource): DataSource {
  if (!source.shards.some(({ backend }) => backend === 'thanos')) return source
  const known = divided.get(source)
  if (known !== undefined) return known
  const shards = source.shards.flatMap((shard) =>
    shard.backend === 'thanos'
      ? shard.slice.tenants.map((tenant) => ({
          ...shard,
          name: `${shard.name}/${tenant}`,
          slice: { ...shard.slice, tenants: [tenant] },
        }))
      : [shard],
  )
  const made = { ...source, shards }
  divided.set(source, made)
  return made
}

/** A policy that no series satisfies, and a question that without a policy has an answer: what shows whether a backend enforces one. */
export function policyProbe(
  shard: Shard,
  { tenantLabel }: Pick<DataSource, 'tenantLabel'>,
): { readonly open: UpstreamRequest; readonly closed: UpstreamRequest } {
  const onTenant = literalMatcher(tenantLabel, shard.slice.tenants)
  const nobody: Conjunction = [onTenant, { name: '__name__', op: '=', value: 'gatehouse_no_such_metric' }]
  const request = labelValuesRequest(tenantLabel, [printEnforced(constraintSelector([onTenant]))], {})
  const told = (alternative: Conjunction): UpstreamRequest =>
    nativeRequest(request, shard, { alternatives: [alternative], tenantLabel })
  return { open: told([onTenant]), closed: told(nobody) }
}
