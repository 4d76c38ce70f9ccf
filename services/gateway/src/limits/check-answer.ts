import { checkLimits, type LimitNotes, type QueryLimits } from '@gatehouse/query'
import { type Answer, annotated, statusOf, wholeBody } from '../answer.ts'
import { countSeries } from '../count-series.ts'
import type { Question } from '../question.ts'

/** Shorter than any series with a sample: a body below it times the limit needs no counting. */
const leastSeriesBytes = 32

/** What of an answer is measured; series only where there may be too many. */
function measure(body: Buffer, { series }: QueryLimits, { samples, kind }: AnswerCost) {
  const mayBeMany = series !== undefined && body.length > 0.7 * series * leastSeriesBytes
  return {
    responseBytes: body.length,
    ...(mayBeMany ? { series: countSeries(kind, body) ?? 0 } : {}),
    ...(samples === undefined ? {} : { samples }),
  }
}

/** What was read for an answer, and what is to be told with it. */
export interface AnswerCost {
  /** Samples read for it; undefined if no shard told. */
  readonly samples: number | undefined
  /** Of the question. */
  readonly notes: LimitNotes
  readonly kind: Question['kind']
}

/**
 * Checks an answer against its caller's limits, and tells the caller what was close to one. What is sent as it comes is checked as it comes.
 * @throws GatehouseError `execution` with the limit, the value and what to ask for instead.
 */
export function checkAnswer(answer: Answer, limits: QueryLimits, cost: AnswerCost): Answer {
  if (answer.kind === 'stream') return { ...answer, check: (passing) => checkLimits(passing, limits) }
  const { notes } = cost
  const whole = wholeBody(answer)
  if (whole === undefined || statusOf(answer) !== 200) return answer
  const own = checkLimits(measure(whole, limits, cost), limits)
  const infos = [...notes.infos, ...own.infos]
  const warnings = [...notes.warnings, ...own.warnings]
  const json = 'application/json'
  const type = answer.kind === 'body' ? answer.rendered.headers['content-type'] : (answer.type ?? json)
  const isText = type !== json
  if (isText || infos.length + warnings.length === 0) return answer
  return annotated(whole, { infos, warnings })
}
