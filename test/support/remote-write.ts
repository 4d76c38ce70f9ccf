// Prometheus remote write 1.0 with native histograms, by hand: four messages of prompb/types.proto.

/** A native histogram with integer counts, as a client library exposes it. Buckets are deltas from one index on. */
export interface NativeHistogram {
  readonly schema: number
  readonly zeroThreshold: number
  readonly zeroCount: number
  readonly sum: number | 'stale'
  readonly positive: readonly BucketRun[]
  readonly negative?: readonly BucketRun[]
}

/** Adjacent buckets: the first one's index and their counts. */
export interface BucketRun {
  readonly index: number
  readonly counts: readonly number[]
}

/** Time in ms; a value is a float, a native histogram, or a staleness marker: `stale`, or a histogram whose sum is that. */
export interface WrittenSample {
  readonly time: number
  readonly value: number | NativeHistogram | 'stale'
}

export interface WrittenSeries {
  readonly labels: ReadonlyMap<string, string>
  readonly samples: readonly WrittenSample[]
}

function varint(value: number | bigint): Buffer {
  const bytes: number[] = []
  let rest = BigInt(value)
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  return Buffer.from([...bytes, Number(rest)])
}

function zigzag(value: number): Buffer {
  return varint(value < 0 ? -2n * BigInt(value) - 1n : 2n * BigInt(value))
}

function field(number: number, content: Buffer): Buffer {
  return Buffer.concat([varint(number * 8 + 2), varint(content.length), content])
}

function integer(number: number, content: Buffer): Buffer {
  return Buffer.concat([varint(number * 8), content])
}

function double(number: number, value: number): Buffer {
  const content = Buffer.alloc(8)
  content.writeDoubleLE(value)
  return Buffer.concat([varint(number * 8 + 1), content])
}

// The one NaN that marks the end of a series.
const staleMarker = Buffer.from([2, 0, 0, 0, 0, 0, 0xf0, 0x7f])

function markable(number: number, value: number | 'stale'): Buffer {
  if (value !== 'stale') return double(number, value)
  return Buffer.concat([varint(number * 8 + 1), staleMarker])
}

function encodeFloat(time: number, value: number | 'stale'): Buffer {
  return field(2, Buffer.concat([markable(1, value), integer(2, varint(time))]))
}

function encodeRuns(runs: readonly BucketRun[], numbers: { spans: number; deltas: number }): Buffer[] {
  let end = 0
  let before = 0
  const spans = runs.map(({ index, counts }) => {
    const span = Buffer.concat([integer(1, zigzag(index - end)), integer(2, varint(counts.length))])
    end = index + counts.length
    return field(numbers.spans, span)
  })
  const deltas = runs.flatMap(({ counts }) =>
    counts.map((count) => {
      const delta = zigzag(count - before)
      before = count
      return delta
    }),
  )
  return [...spans, field(numbers.deltas, Buffer.concat(deltas))]
}

function encodeHistogram(time: number, histogram: NativeHistogram): Buffer {
  const { positive, negative = [], zeroCount } = histogram
  const count = [...positive, ...negative].flatMap((run) => run.counts).reduce((a, b) => a + b, zeroCount)
  const parts = [
    integer(1, varint(count)),
    markable(3, histogram.sum),
    integer(4, zigzag(histogram.schema)),
    double(5, histogram.zeroThreshold),
    integer(6, varint(zeroCount)),
    ...encodeRuns(negative, { spans: 8, deltas: 9 }),
    ...encodeRuns(positive, { spans: 11, deltas: 12 }),
    integer(15, varint(time)),
  ]
  return field(4, Buffer.concat(parts))
}

function encodeSeries({ labels, samples }: WrittenSeries): Buffer {
  const names = [...labels].toSorted(([a], [b]) => (a < b ? -1 : 1))
  const encoded = names.map(([name, value]) =>
    field(1, Buffer.concat([field(1, Buffer.from(name)), field(2, Buffer.from(value))])),
  )
  const floats = samples.flatMap(({ time, value }) =>
    typeof value === 'object' ? [] : [encodeFloat(time, value)],
  )
  const histograms = samples.flatMap(({ time, value }) =>
    typeof value === 'object' ? [encodeHistogram(time, value)] : [],
  )
  return field(1, Buffer.concat([...encoded, ...floats, ...histograms]))
}

/** Snappy's block format with one literal: valid, and no compressor is needed. */
function snappyLiteral(content: Buffer): Buffer {
  const tag = Buffer.alloc(5)
  tag[0] = 63 << 2
  tag.writeUInt32LE(content.length - 1, 1)
  return Buffer.concat([varint(content.length), tag, content])
}

/**
 * Writes series into a Prometheus that has `--web.enable-remote-write-receiver`.
 * @throws Error with the server's reason when it does not take them.
 */
export async function remoteWrite(url: string, series: readonly WrittenSeries[]): Promise<void> {
  const response = await fetch(`${url}/api/v1/write`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-protobuf',
      'content-encoding': 'snappy',
      'x-prometheus-remote-write-version': '0.1.0',
    },
    body: new Uint8Array(snappyLiteral(Buffer.concat(series.map(encodeSeries)))),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`Prometheus did not take the series: ${response.status} ${text.trim()}`)
}
