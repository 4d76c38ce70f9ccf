import type { Question } from './question.ts'

/** What stands once in the JSON of every series of an answer, and in no string: quotes are escaped there. */
const markers: Partial<Record<Question['kind'], string>> = {
  query: '{"metric":{',
  query_range: '{"metric":{',
  series: '"__name__":"',
}

/** Counts the series of an answer as its pieces come by. */
export interface SeriesCounter {
  add(piece: Buffer): void
  readonly count: number
}

/** A counter for answers to a kind of question; undefined for those that have no series. */
export function createSeriesCounter(kind: Question['kind'] | undefined): SeriesCounter | undefined {
  const text = kind === undefined ? undefined : markers[kind]
  if (text === undefined) return undefined
  const marker = Buffer.from(text)
  let count = 0
  let tail = Buffer.alloc(0)
  const countIn = (bytes: Buffer): void => {
    for (let at = bytes.indexOf(marker); at !== -1; at = bytes.indexOf(marker, at + marker.length)) count += 1
  }
  return {
    add(piece) {
      countIn(piece)
      // A marker that the border of two pieces divides stands in what both contribute here, and in neither alone.
      countIn(Buffer.concat([tail, piece.subarray(0, marker.length - 1)]))
      const joined = piece.length >= marker.length - 1 ? piece : Buffer.concat([tail, piece])
      tail = Buffer.from(joined.subarray(Math.max(0, joined.length - marker.length + 1)))
    },
    get count() {
      return count
    },
  }
}

/** Series of a whole answer; undefined for questions whose answers have none. */
export function countSeries(kind: Question['kind'] | undefined, body: Buffer): number | undefined {
  const counter = createSeriesCounter(kind)
  counter?.add(body)
  return counter?.count
}
