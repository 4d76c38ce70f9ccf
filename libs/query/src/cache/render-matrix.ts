import { type Annotations, noAnnotations, renderAnnotations } from './envelope.ts'
import { type Extent, laneText } from './extent.ts'

const head = Buffer.from('{"status":"success","data":{"resultType":"matrix","result":[')
const openSeries = Buffer.from('{"metric":')
const openValues = Buffer.from(',"values":[')
const openHistograms = Buffer.from(',"histograms":[')
const closeLane = Buffer.from(']')
const closeSeries = Buffer.from('}')
const comma = Buffer.from(',')

/** Writes an extent as the body of a range answer, byte for byte as Prometheus writes it, by copying slices. */
export function renderMatrix(extent: Extent, annotations: Annotations = noAnnotations): Buffer {
  const parts: Buffer[] = [head]
  for (const { metric, values, histograms } of extent.series) {
    if (parts.length > 1) parts.push(comma)
    parts.push(openSeries, metric)
    if (values.times.length > 0) parts.push(openValues, laneText(values), closeLane)
    if (histograms.times.length > 0) parts.push(openHistograms, laneText(histograms), closeLane)
    parts.push(closeSeries)
  }
  parts.push(Buffer.from(']}'), renderAnnotations(annotations), closeSeries)
  return Buffer.concat(parts)
}
