import type { Question } from './question.ts'

/** What stands once in the JSON of every series of an answer, and in no string: quotes are escaped there. */
const ofResult = Buffer.from('{"metric":{')
const markers: Partial<Record<Question['kind'], Buffer>> = {
  query: ofResult,
  query_range: ofResult,
  series: Buffer.from('"__name__":"'),
  query_exemplars: Buffer.from('{"seriesLabels":{'),
}

function occurrences(marker: Buffer, body: Buffer): number {
  let count = 0
  for (let at = body.indexOf(marker); at !== -1; at = body.indexOf(marker, at + marker.length)) count += 1
  return count
}

const newline = Buffer.from('\n')
const comment = Buffer.from('\n#')

/** Samples of an exposition: of each series there is one line, and no value has a line break. */
function exposedSeries(body: Buffer): number {
  const comments = occurrences(comment, body) + (body[0] === comment[1] ? 1 : 0)
  return occurrences(newline, body) - comments
}

/** Series of a whole answer; undefined for questions whose answers have none. */
export function countSeries(kind: Question['kind'] | undefined, body: Buffer): number | undefined {
  if (kind === 'federate') return exposedSeries(body)
  const marker = kind === undefined ? undefined : markers[kind]
  return marker === undefined ? undefined : occurrences(marker, body)
}

/** Counts the series of an answer as its pieces come by. */
export interface SeriesCounter {
  add(piece: Buffer): void
  readonly count: number
}

/** A counter for answers to a kind of question; undefined for those that have no series. */
export function createSeriesCounter(kind: Question['kind'] | undefined): SeriesCounter | undefined {
  const marker = kind === undefined ? undefined : markers[kind]
  if (marker === undefined) return undefined
  let count = 0
  let tail = Buffer.alloc(0)
  return {
    add(piece) {
      // A marker that the border of two pieces divides stands in what both contribute here, and in neither alone.
      const border = Buffer.concat([tail, piece.subarray(0, marker.length - 1)])
      count += occurrences(marker, piece) + occurrences(marker, border)
      const joined = piece.length >= marker.length - 1 ? piece : Buffer.concat([tail, piece])
      tail = Buffer.from(joined.subarray(Math.max(0, joined.length - marker.length + 1)))
    },
    get count() {
      return count
    },
  }
}
