import type { TimeRange } from '../model.ts'
import {
  type Cursor,
  skipSpace,
  takeArray,
  takeLiteral,
  takeObject,
  takeString,
  unrecognised,
} from './cursor.ts'
import { type Annotations, readEnvelope } from './envelope.ts'
import { emptyLane, type Extent, type Lane, type StoredSeries } from './extent.ts'
import { takeLabels } from './labels-key.ts'
import { type Columns, createColumns, type LaneSpan, takeLane, trimColumns } from './scan-lane.ts'

/** A range answer cut into series and samples. */
export interface ScannedMatrix {
  readonly extent: Extent
  readonly annotations: Annotations
}

interface SeriesSpan {
  readonly metric: Buffer
  readonly key: Buffer
  readonly values: LaneSpan | undefined
  readonly histograms: LaneSpan | undefined
}

/** The last evaluation time of a range: `start + n·step` ≤ `end`. */
export function lastTime({ start, end, step }: TimeRange): number {
  return start + Math.floor((end - start) / step) * step
}

/**
 * Cuts the body of a successful `query_range` over `range`, in one pass over its bytes (about 1 ms for 500 kB). The result
 * keeps views of `body`.
 * @throws GatehouseError `bad_gateway` unless it is exactly what Prometheus writes: a matrix of series sorted by label set,
 *   none twice, samples on the grid. Such an answer can be passed on, but not cached.
 */
export function scanMatrix(body: Buffer, range: TimeRange, fetchedAt: number): ScannedMatrix {
  const columns = createColumns(body.length)
  const spans: SeriesSpan[] = []
  const annotations = readEnvelope(body, (cursor) => takeMatrix(cursor, columns, range, spans))
  trimColumns(columns)
  const series = spans.map((span): StoredSeries => {
    const lane = (part: LaneSpan | undefined): Lane =>
      part === undefined ? emptyLane : laneOf(body, columns, part)
    return {
      key: span.key,
      metric: span.metric,
      values: lane(span.values),
      histograms: lane(span.histograms),
    }
  })
  return { extent: { from: range.start, to: lastTime(range), bornAt: fetchedAt, series }, annotations }
}

function laneOf(source: Buffer, { times, starts }: Columns, { first, next, end }: LaneSpan): Lane {
  return { source, times: times.subarray(first, next), starts: starts.subarray(first, next), end }
}

function takeMatrix(cursor: Cursor, columns: Columns, range: TimeRange, spans: SeriesSpan[]): void {
  let isMatrix = false
  let hasResult = false
  takeObject(cursor, (name) => {
    if (name === 'resultType') isMatrix = takeString(cursor).toString('latin1') === 'matrix'
    else if (name === 'result') {
      hasResult = true
      takeArray(cursor, () => {
        const span = takeSeries(cursor, columns, range)
        const last = spans.at(-1)
        if (last !== undefined && last.key.compare(span.key) >= 0) throw unrecognised('series out of order')
        spans.push(span)
      })
    } else throw unrecognised(`key ${name} in the data`)
  })
  if (!isMatrix || !hasResult) throw unrecognised('not a matrix')
}

const metricKey = Buffer.from('{"metric":')
const valuesKey = Buffer.from(',"values":')
const seriesEnd = Buffer.from('}')

/** `{"metric":{…},"values":[…]}` and nothing else, which is what nearly every series is. */
function takePlainSeries(cursor: Cursor, columns: Columns, range: TimeRange): SeriesSpan | undefined {
  if (!takeLiteral(cursor, metricKey)) return undefined
  const labels = takeLabels(cursor)
  if (!takeLiteral(cursor, valuesKey)) return undefined
  const values = takeLane(cursor, columns, range, false)
  if (!takeLiteral(cursor, seriesEnd) || values.first === values.next) return undefined
  return { ...labels, values, histograms: undefined }
}

function takeSeries(cursor: Cursor, columns: Columns, range: TimeRange): SeriesSpan {
  const { at } = cursor
  const { count } = columns
  const plain = takePlainSeries(cursor, columns, range)
  if (plain !== undefined) return plain
  cursor.at = at
  columns.count = count
  let labels: { readonly metric: Buffer; readonly key: Buffer } | undefined
  let values: LaneSpan | undefined
  let histograms: LaneSpan | undefined
  takeObject(cursor, (name) => {
    skipSpace(cursor)
    if (name === 'metric') labels = takeLabels(cursor)
    else if (name === 'values') values = takeLane(cursor, columns, range, false)
    else if (name === 'histograms') histograms = takeLane(cursor, columns, range, true)
    else throw unrecognised(`key ${name} in a series`)
  })
  if (labels === undefined) throw unrecognised('a series without a label set')
  if (values?.first === values?.next && histograms?.first === histograms?.next) {
    throw unrecognised('a series without a sample')
  }
  return { ...labels, values, histograms }
}
