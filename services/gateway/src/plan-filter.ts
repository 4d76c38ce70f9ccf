import { escapeRegex, printMatcher } from '@gatehouse/promql'
import { pruneShards } from '@gatehouse/query'
import type { Access } from './access.ts'
import { familySuffixes } from './filter/metadata.ts'
import type { Plan } from './plan.ts'

/** The plan of what is filtered in the answer: every shard that can hold anything of what may be seen. */
export function planFilter({ source, constraints }: Access): Plan {
  const shards = pruneShards(constraints.alternatives, source)
  return {
    kind: 'filter',
    steps: shards.map((shard) => ({ shard, texts: [], range: undefined })),
    metrics: [],
  }
}

/** The selectors of series whose names the family `metric` can have; all of them without one. */
export function familyMatches(metric: string): readonly string[] {
  if (metric === '') return []
  const value = `${escapeRegex(metric)}(${['', ...familySuffixes].join('|')})`
  return [`{${printMatcher({ name: '__name__', op: '=~', value })}}`]
}

/** The plan of `metadata`: it begins with the names of the series that may be seen, by the given plan of that look-up. */
export function planMetadata(names: Plan, metric: string): Plan {
  return { kind: 'filter', steps: names.steps, metrics: metric === '' ? [] : [metric] }
}
