import {
  checkLimits,
  type LimitNotes,
  type Measured,
  type QueryLimits,
  type TimeRange,
} from '@gatehouse/query'
import type { QueryReader } from '../cached/read-query.ts'
import { parseMatch } from '../parse.ts'
import type { Question } from '../question.ts'

const nothing: LimitNotes = { infos: [], warnings: [] }
const noTime: TimeRange = { start: 0, end: 0, step: 0 }

function timesOf(question: Question): TimeRange | undefined {
  if (question.kind === 'query') return { start: question.time, end: question.time, step: 0 }
  return question.kind === 'query_range' ? question.range : undefined
}

/** What of a text holds whatever the time. A look-up has no points, and clients ask for all of time: promtool by default, Grafana ten thousand hours either way. */
function timeless({ queryBytes = 0, depth = 0, selectors = 0, regexCost = 0 }: Measured) {
  return { queryBytes, depth, selectors, regexCost }
}

/** The selectors of a look-up, federation or list of rules: together one text. */
function measureMatches(matches: readonly string[], read: QueryReader): Measured {
  const each = matches.map((match) => {
    try {
      return timeless(read(match).measure(noTime))
    } catch (error) {
      // In the words of this parameter.
      parseMatch(match)
      throw error
    }
  })
  const sum = (of: (one: (typeof each)[number]) => number): number =>
    each.reduce((total, one) => total + of(one), 0)
  return {
    queryBytes: sum(({ queryBytes }) => queryBytes),
    selectors: sum(({ selectors }) => selectors),
    depth: Math.max(0, ...each.map(({ depth }) => depth)),
    regexCost: sum(({ regexCost }) => regexCost),
  }
}

function matchesOf(question: Question): readonly string[] {
  if ('matches' in question) return question.matches
  return question.kind === 'rules' ? question.selection.matches : []
}

/** What a question asks for only to have it read, not answered: nothing of it reaches a shard. */
function isLocal({ kind }: Question): boolean {
  return kind === 'explain' || kind === 'format_query' || kind === 'parse_query'
}

/**
 * Checks what is known of a question before it runs. The length of its text is checked before it is parsed.
 * @throws GatehouseError `execution` with the limit, the value and what to ask for instead; `bad_data` for what is no query.
 */
export function checkQuestion(question: Question, limits: QueryLimits, read: QueryReader): LimitNotes {
  if ('query' in question) {
    const notes = checkLimits({ queryBytes: Buffer.byteLength(question.query) }, limits)
    if (isLocal(question)) return notes
    const times = timesOf(question)
    const { measure } = read(question.query)
    return checkLimits(times === undefined ? timeless(measure(noTime)) : measure(times), limits)
  }
  const matches = matchesOf(question)
  if (matches.length === 0) return nothing
  const queryBytes = matches.reduce((bytes, match) => bytes + Buffer.byteLength(match), 0)
  checkLimits({ queryBytes }, limits)
  return checkLimits(measureMatches(matches, read), limits)
}
