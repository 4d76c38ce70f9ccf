import { GatehouseError } from '@gatehouse/errors'
import { type LabelSet, labelSetJson, toLabelSet, unionLabelSets, unionStrings } from '@gatehouse/query'
import { successText } from './answer.ts'
import type { Forwarded } from './requests.ts'
import { type Envelope, readEnvelope, unusableAnswer } from './upstream-envelope.ts'

/** What Prometheus says when a limit cut an answer. */
export const truncated = 'results truncated due to limit'

/** The data of an answer that is a list. */
export function listOf({ data }: Envelope): readonly unknown[] {
  if (!Array.isArray(data)) throw unusableAnswer('data is no list')
  return data
}

function toText(item: unknown): string {
  if (typeof item !== 'string') throw unusableAnswer('an item is no text')
  return item
}

/** A label set of an answer. */
export function toLabels(item: unknown): LabelSet {
  const isLabels = typeof item === 'object' && item !== null && !Array.isArray(item)
  if (!isLabels || !Object.values(item).every((value) => typeof value === 'string'))
    throw unusableAnswer('an item is no label set')
  return toLabelSet(item as Record<string, string>)
}

/** Unites the answers of several shards to a label or series look-up. @throws GatehouseError `bad_gateway` */
export function mergeLists(question: Forwarded, bodies: readonly Buffer[]): string {
  if (question.kind !== 'series' && question.kind !== 'labels' && question.kind !== 'label_values')
    throw new GatehouseError('internal', 'only look-ups have lists of answers')
  const envelopes = bodies.map(readEnvelope)
  const warnings = new Set(envelopes.flatMap((envelope) => envelope.warnings))
  const items =
    question.kind === 'series'
      ? unionLabelSets(envelopes.map((one) => listOf(one).map(toLabels))).map(labelSetJson)
      : unionStrings(envelopes.map((one) => listOf(one).map(toText))).map((text) => JSON.stringify(text))
  const limit = question.lookup.limit ?? 0
  if (limit === 0 || items.length <= limit) return successText(`[${items.join(',')}]`, [...warnings])
  return successText(`[${items.slice(0, limit).join(',')}]`, [...warnings.add(truncated)])
}
