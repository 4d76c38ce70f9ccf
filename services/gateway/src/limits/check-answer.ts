import { annotate, checkLimits, type LimitNotes, type QueryLimits } from '@gatehouse/query'
import type { Answer } from '../answer.ts'
import { countSeries } from '../count-series.ts'

/** Shorter than any series with a sample: a body below it times the limit needs no counting. */
const leastSeriesBytes = 32

/** What of an answer is measured; series only where there may be too many. */
function measure(body: Buffer, { series }: QueryLimits, samples: number | undefined) {
  const mayBeMany = series !== undefined && body.length > 0.7 * series * leastSeriesBytes
  return {
    responseBytes: body.length,
    ...(mayBeMany ? { series: countSeries('query', body) ?? 0 } : {}),
    ...(samples === undefined ? {} : { samples }),
  }
}

/** What was read for an answer, and what is to be told with it. */
export interface AnswerCost {
  /** Samples read for it; undefined if no shard told. */
  readonly samples: number | undefined
  /** Of the question. */
  readonly notes: LimitNotes
}

/**
 * Checks an answer against its caller's limits, and tells the caller what was close to one. A stream is cut off where it grows too large.
 * @throws GatehouseError `execution` with the limit, the value and what to ask for instead.
 */
export function checkAnswer(answer: Answer, limits: QueryLimits, { samples, notes }: AnswerCost): Answer {
  if (answer.kind === 'stream') return { ...answer, maxBytes: limits.responseBytes }
  if (answer.kind !== 'bytes') return answer
  const own = checkLimits(measure(answer.body, limits, samples), limits)
  const infos = [...notes.infos, ...own.infos]
  const warnings = [...notes.warnings, ...own.warnings]
  if (infos.length + warnings.length === 0) return answer
  const body = annotate(answer.body, { infos, warnings })
  return { kind: 'bytes', body, gzip: undefined }
}
