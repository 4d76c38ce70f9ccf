import { BeyondShards } from '../plan/beyond.ts'
import type { AggregateNode, BinaryNode, CallNode, NegateNode } from '../plan/model.ts'
import { isDateFunction } from './functions/date.ts'
import { isFloatFunction } from './functions/float.ts'
import type { Value } from './model.ts'
import type { Notes } from './notes.ts'
import type { Semantics } from './semantics.ts'
import { filterSamples, hasHistograms } from './series.ts'

/** Functions that look at times and labels only, so that native histograms are no matter. */
const valueless: ReadonlySet<string> = new Set([
  'absent',
  'absent_over_time',
  'count_over_time',
  'label_join',
  'label_replace',
  'present_over_time',
  'timestamp',
])
const countingAggregations: ReadonlySet<string> = new Set(['count', 'group', 'limitk'])

const floatAggregations: ReadonlySet<string> = new Set(['quantile', 'topk', 'bottomk'])
const floatFunctions: ReadonlySet<string> = new Set(['scalar', 'sort', 'sort_desc'])

type Operation = AggregateNode | BinaryNode | CallNode | NegateNode

/**
 * The operands of an operation as it can take them. Native histograms reach this process as printed, without their schema:
 * it carries them but cannot compute with them.
 * @throws BeyondShards when the operation would have to.
 */
export function operandsOf(
  node: Operation,
  values: readonly Value[],
  { semantics, notes }: { semantics: Semantics; notes: Notes },
): readonly Value[] {
  if (!values.some(holdsHistograms)) return values
  if (node.kind === 'call' && valueless.has(node.func)) return values
  if (node.kind === 'aggregate' && countingAggregations.has(node.op)) return values
  if (!semantics.ignoresHistograms || !ignoresThem(node)) {
    throw new BeyondShards(node.expr, 'it computes with native histograms of several shards')
  }
  if (node.kind === 'aggregate') notes.infos.add(`PromQL info: ignored histogram in ${node.op} aggregation`)
  return values.map(withoutHistograms)
}

function holdsHistograms(value: Value): boolean {
  if (value.type === 'vector') return hasHistograms(value.series)
  return value.type === 'matrix' && hasHistograms(value.samples)
}

function ignoresThem(node: Operation): boolean {
  if (node.kind === 'aggregate') return floatAggregations.has(node.op)
  if (node.kind !== 'call') return false
  return floatFunctions.has(node.func) || isFloatFunction(node.func) || isDateFunction(node.func)
}

function withoutHistograms(value: Value): Value {
  if (value.type !== 'vector') return value
  const series = value.series.map((one) => {
    const floats = filterSamples(one, (i) => one.histograms?.[i] === undefined)
    return { ...floats, histograms: undefined }
  })
  return { type: 'vector', series }
}
