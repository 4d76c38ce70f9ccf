import { checkLimits, type LimitNotes, type QueryLimits, type TimeRange } from '@gatehouse/query'
import type { QueryReader } from '../cached/read-query.ts'
import type { Question } from '../question.ts'

const nothing: LimitNotes = { infos: [], warnings: [] }

function timesOf(question: Question): TimeRange | undefined {
  if (question.kind === 'query') return { start: question.time, end: question.time, step: 0 }
  return question.kind === 'query_range' ? question.range : undefined
}

/**
 * Checks what is known of a question before it runs. The length of its text is checked before it is parsed.
 * @throws GatehouseError `execution` with the limit, the value and what to ask for instead; `bad_data` for what is no query.
 */
export function checkQuestion(question: Question, limits: QueryLimits, read: QueryReader): LimitNotes {
  if ('query' in question) {
    const notes = checkLimits({ queryBytes: Buffer.byteLength(question.query) }, limits)
    const times = timesOf(question)
    return times === undefined ? notes : checkLimits(read(question.query).measure(times), limits)
  }
  // A look-up reads no samples, and clients ask for all of time: promtool by default, Grafana ten thousand hours either way.
  return nothing
}
