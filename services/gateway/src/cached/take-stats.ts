import type { BodySink } from '@gatehouse/upstream'
import type { BodyStream } from './held-body.ts'

// No label value holds it: quotes are escaped there. A label called `stats` has a text after it, no object.
const member = Buffer.from(',"stats":{')
// As a name, by the number behind it: notes and label values have their quotes escaped, and a label has a text.
const total = Buffer.from('"totalQueryableSamples":')
/** The statistics of a whole query are no longer; those of every step are asked for by clients only, and left in. */
const maxStatsBytes = 2_048
/** What follows them are annotations, of which there are few. */
const maxTailBytes = 65_536
const openBrace = 0x7b
const closeBrace = 0x7d

/** Where the object that opens at `from` ends. Statistics hold no text with braces. */
function endOfObject(body: Buffer, from: number): number {
  let depth = 0
  for (let at = from; at < body.length; at += 1) {
    if (body[at] === openBrace) depth += 1
    else if (body[at] === closeBrace && --depth === 0) return at + 1
  }
  return -1
}

/** An answer, and the samples that shards read for it; undefined if they did not tell. */
export interface Counted {
  readonly body: Buffer
  readonly samples: number | undefined
}

/** Reads the samples from the statistics in an answer, or in its last piece, and leaves them there. */
export function readStats(body: Buffer): Counted {
  const at = body.lastIndexOf(total)
  const from = at + total.length
  const [digits] = at === -1 ? [] : (/^\d+/.exec(body.toString('latin1', from, from + 20)) ?? [])
  return { body, samples: digits === undefined ? undefined : Number(digits) }
}

/** Takes a query's statistics out of an answer that they were asked for only to be counted: out of the same bytes, which are no longer the answer's then. */
export function takeStats(body: Buffer): Counted {
  const from = Math.max(0, body.length - maxTailBytes)
  const inTail = body.subarray(from).lastIndexOf(member)
  if (inTail === -1) return { body, samples: undefined }
  const at = from + inTail
  const end = endOfObject(body, at + member.length - 1)
  if (end === -1 || end - at > maxStatsBytes) return { body, samples: undefined }
  const { samples } = readStats(body.subarray(at, end))
  if (samples === undefined) return { body, samples }
  // What follows is short; the whole need not be copied.
  body.copyWithin(at, end)
  return { body: body.subarray(0, body.length - (end - at)), samples }
}

/** Twice what statistics take, so that they are in the last piece as a whole. */
const tailBytes = 2 * maxStatsBytes

/** A stream and the samples read for it, known at its end. */
export interface CountedStream {
  readonly stream: BodyStream
  samples(): number | undefined
}

/** The stream with the statistics at its end read, and taken out or left in by `count`. */
export function countStream(stream: BodyStream, count: (tail: Buffer) => Counted): CountedStream {
  let held: Buffer = Buffer.alloc(0)
  let samples: number | undefined
  const counted: BodyStream = {
    contentLength: undefined,
    attach(sink: BodySink) {
      stream.attach({
        data(chunk) {
          if (chunk.length >= tailBytes) {
            const ready = held
            held = chunk
            return ready.length === 0 || sink.data(ready)
          }
          const all = Buffer.concat([held, chunk])
          const ready = Math.max(0, all.length - tailBytes)
          held = all.subarray(ready)
          return ready === 0 || sink.data(all.subarray(0, ready))
        },
        end() {
          const taken = count(held)
          samples = taken.samples
          sink.data(taken.body)
          sink.end()
        },
        error: (error) => sink.error(error),
      })
    },
    resume: () => stream.resume(),
    abort: (reason) => stream.abort(reason),
  }
  return { stream: counted, samples: () => samples }
}
