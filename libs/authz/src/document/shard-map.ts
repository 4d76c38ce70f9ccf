import { type Matcher, parseDuration } from '@gatehouse/promql'
import type { z } from 'zod'
import { areDisjoint } from '../overlap.ts'
import { parseConstraint } from '../parse-constraint.ts'
import type { shard } from './data-source.ts'

/** A shard as an access document or the API has it. */
export type ShardDocument = z.output<typeof shard>

/** Shards of different times must overlap by this: an instant selector looks back, and no shard may have half of what it sees. */
const minOverlapMs = 3_600_000

function matchersOf({ series }: ShardDocument): readonly Matcher[] {
  return series === undefined ? [] : parseConstraint(series)
}

function matchersKey(one: ShardDocument): string {
  const keys = matchersOf(one).map(({ name, op, value }) => JSON.stringify([name, op, value]))
  return [...new Set(keys)].toSorted().join()
}

/** What both can hold: the name of a tenant, or undefined. */
function commonTenant(a: ShardDocument, b: ShardDocument): string | undefined {
  const [left, right] = [a.tenantHash, b.tenantHash]
  if (left !== undefined && right !== undefined) {
    return left.remainder === right.remainder ? `remainder ${left.remainder}` : undefined
  }
  const others = new Set(b.tenants)
  return a.tenants.find((tenant) => others.has(tenant))
}

function overlapInTime(a: ShardDocument, b: ShardDocument): number | undefined {
  const ages = (older: ShardDocument, newer: ShardDocument): number | undefined => {
    const [until, from] = [older.samples?.until, newer.samples?.from]
    if (until === undefined || from === undefined) return undefined
    const [untilAge, fromAge] = [parseDuration(until), parseDuration(from)]
    if (untilAge !== undefined && fromAge !== undefined) return fromAge - untilAge
    if (untilAge !== undefined || fromAge !== undefined) return minOverlapMs
    return Date.parse(until) - Date.parse(from)
  }
  const both = [ages(a, b), ages(b, a)].filter((overlap) => overlap !== undefined)
  return both.length === 0 ? undefined : Math.max(...both)
}

function pairFault(a: ShardDocument, b: ShardDocument): string | undefined {
  const tenant = commonTenant(a, b)
  if (tenant === undefined) return undefined
  if (matchersKey(a) !== matchersKey(b)) {
    if (areDisjoint(matchersOf(a), matchersOf(b))) return undefined
    return `${a.name} and ${b.name} hold ${tenant}, and nothing says that their series differ`
  }
  if (a.samples === undefined || b.samples === undefined)
    return `${tenant} stands twice: ${a.name}, ${b.name}`
  return undefined
}

/** Shards of the same series, in order of time, must overlap. */
function timesFault(family: readonly ShardDocument[]): string | undefined {
  const [first, ...others] = family
  if (first === undefined || others.length === 0) return undefined
  const lonely = family.find((one) =>
    family.every((other) => other === one || (overlapInTime(one, other) ?? 0) < minOverlapMs),
  )
  return lonely && `the samples of ${lonely.name} overlap with no other shard of the same series by an hour`
}

/**
 * What is wrong with a shard map, or undefined. Two shards must hold different series, by their tenants or by matchers that exclude each
 * other, or the same series at times that overlap: a series in two of them would be counted twice.
 */
export function shardMapFault(shards: readonly ShardDocument[]): string | undefined {
  const names = shards.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) return `${twice} stands twice`
  const moduli = new Set(shards.map(({ tenantHash }) => tenantHash?.modulus))
  if (moduli.size > 1) return 'either no shard has a tenantHash, or all have one of the same modulus'
  for (const [index, one] of shards.entries()) {
    for (const other of shards.slice(index + 1)) {
      const fault = pairFault(one, other)
      if (fault !== undefined) return fault
    }
  }
  const families = Map.groupBy(
    shards.filter(({ samples }) => samples !== undefined),
    (one) => `${matchersKey(one)} ${JSON.stringify([one.tenants.toSorted(), one.tenantHash])}`,
  )
  for (const family of families.values()) {
    const fault = timesFault(family)
    if (fault !== undefined) return fault
  }
  return undefined
}
