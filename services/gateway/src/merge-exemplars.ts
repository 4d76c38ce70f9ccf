import { compareLabelSets, type LabelSet, labelSetJson } from '@gatehouse/query'
import { successText } from './answer.ts'
import { member } from './filter/json.ts'
import { listOf, toLabels } from './merge-lists.ts'
import { readEnvelope } from './upstream-envelope.ts'

interface Series {
  readonly labels: LabelSet
  /** By its JSON text: a series that two alternatives admit comes twice. */
  readonly exemplars: Map<string, unknown>
}

function timeOf(exemplar: unknown): number {
  const time = member(exemplar, 'timestamp')
  return typeof time === 'number' ? time : 0
}

/** Unites answers to `query_exemplars`: each series once, in the order of labels, its exemplars in the order of time. */
export function mergeExemplars(bodies: readonly Buffer[]): string {
  const envelopes = bodies.map(readEnvelope)
  const known = new Map<string, Series>()
  for (const item of envelopes.flatMap(listOf)) {
    const labels = toLabels(member(item, 'seriesLabels'))
    const key = labelSetJson(labels)
    const series = known.get(key) ?? { labels, exemplars: new Map<string, unknown>() }
    known.set(key, series)
    const exemplars: unknown = member(item, 'exemplars')
    if (Array.isArray(exemplars))
      for (const exemplar of exemplars) series.exemplars.set(JSON.stringify(exemplar), exemplar)
  }
  const items = [...known].toSorted(([, a], [, b]) => compareLabelSets(a.labels, b.labels))
  const texts = items.map(([key, { exemplars }]) => {
    const inOrder = [...exemplars].toSorted(([, a], [, b]) => timeOf(a) - timeOf(b)).map(([text]) => text)
    return `{"seriesLabels":${key},"exemplars":[${inOrder.join(',')}]}`
  })
  const warnings = new Set(envelopes.flatMap((one) => one.warnings))
  return successText(`[${texts.join(',')}]`, [...warnings])
}
