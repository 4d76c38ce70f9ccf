import type { Observation, Series } from './series.ts'

// Protocol buffers by hand: Prometheus's remote.proto has four messages, and the encoder is shorter than a schema.
function varint(value: number): Buffer {
  const bytes: number[] = []
  // Timestamps need 41 bits: no bit operators, they work on 32.
  for (; value > 0x7f; value = Math.floor(value / 0x80)) bytes.push((value % 0x80) | 0x80)
  return Buffer.from([...bytes, value])
}

function field(number: number, content: Buffer): Buffer {
  return Buffer.concat([varint(number * 8 + 2), varint(content.length), content])
}

function label(name: string, value: string): Buffer {
  return field(1, Buffer.concat([field(1, Buffer.from(name)), field(2, Buffer.from(value))]))
}

/** The label part of a `TimeSeries` (`__name__` included); Prometheus wants the names sorted. Worth keeping for the next batch. */
export function encodeLabels(labels: Readonly<Record<string, string>>): Buffer {
  const names = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Buffer.concat(names.map(([name, value]) => label(name, value)))
}

/** One `TimeSeries` field of a `WriteRequest`, with a value at each of the times (Unix seconds), and the exemplars there were. */
export function encodeSeries(
  labels: Buffer,
  times: readonly number[],
  { valueAt, exemplarAt }: Pick<Series, 'valueAt' | 'exemplarAt'>,
): Buffer {
  // A sample is a double (9 bytes) and a timestamp (tag and 6 bytes until the year 2109) in a field of two bytes' head:
  // written in place, as there are a million of them.
  const samples = Buffer.alloc(times.length * 18)
  times.forEach((time, i) => {
    const at = i * 18
    samples[at] = 2 * 8 + 2
    samples[at + 1] = 16
    samples[at + 2] = 1 * 8 + 1
    samples.writeDoubleLE(valueAt(time), at + 3)
    samples[at + 11] = 2 * 8
    varint(time * 1000).copy(samples, at + 12)
  })
  const seen = times.flatMap((time) => exemplarAt?.(time) ?? [])
  const exemplars = seen.filter(({ at }, i) => at !== seen[i - 1]?.at).map(encodeExemplar)
  return field(1, Buffer.concat([labels, samples, ...exemplars]))
}

/** An `Exemplar` field of a `TimeSeries`. */
function encodeExemplar({ at, value, labels }: Observation): Buffer {
  const content = Buffer.alloc(9)
  content[0] = 2 * 8 + 1
  content.writeDoubleLE(value, 1)
  return field(3, Buffer.concat([encodeLabels(labels), content, varint(3 * 8), varint(at * 1000)]))
}

/** Snappy's block format with one literal: valid, and faster than compressing for a server on this machine. */
function snappyLiteral(content: Buffer): Buffer {
  const tag = Buffer.alloc(5)
  tag[0] = 63 << 2
  tag.writeUInt32LE(content.length - 1, 1)
  return Buffer.concat([varint(content.length), tag, content])
}

/** A whole `WriteRequest`, ready to be sent. */
export function encodeRequest(series: readonly Buffer[]): Buffer {
  return snappyLiteral(Buffer.concat(series))
}

/**
 * Sends one `WriteRequest` to a Prometheus that has `--web.enable-remote-write-receiver`.
 * @throws Error with the server's reason when it does not take it.
 */
export async function remoteWrite(url: string, request: Buffer): Promise<void> {
  const response = await fetch(`${url}/api/v1/write`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-protobuf',
      'content-encoding': 'snappy',
      'x-prometheus-remote-write-version': '0.1.0',
    },
    body: new Uint8Array(request),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`Prometheus did not take the history: ${response.status} ${text.trim()}`)
}
