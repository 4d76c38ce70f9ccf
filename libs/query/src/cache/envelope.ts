import {
  closeBrace,
  closeBracket,
  type Cursor,
  quote,
  takeArray,
  takeObject,
  takeString,
  takeValue,
  unrecognised,
} from './cursor.ts'

/** Raw JSON texts of an answer's annotations, in their order. */
export interface Annotations {
  readonly warnings: readonly Buffer[]
  readonly infos: readonly Buffer[]
}

export const noAnnotations: Annotations = { warnings: [], infos: [] }

/** Whether anything is noted. */
export function hasAnnotations({ warnings, infos }: Annotations): boolean {
  return warnings.length + infos.length > 0
}

/** Prometheus before 3.0 tells its infos among the warnings, each with this before it. */
const infoAmongWarnings = '"PromQL info: '

/** Whether anything is noted that is more than an info. */
export function hasWarnings({ warnings }: Annotations): boolean {
  return warnings.some((text) => !text.toString('utf8').startsWith(infoAmongWarnings))
}

/**
 * Reads the envelope of a successful answer. `data` is called with the cursor before the value of `data` and must take it.
 * `stats` of other servers is passed over; a partial answer and any unknown key are refused.
 * @throws GatehouseError `bad_gateway` if the text is not such an envelope.
 */
export function readEnvelope(body: Buffer, data: (cursor: Cursor) => void): Annotations {
  const cursor: Cursor = { bytes: body, at: 0 }
  const found = { warnings: [] as Buffer[], infos: [] as Buffer[] }
  let isSuccess = false
  let hasData = false
  takeObject(cursor, (name) => {
    if (name === 'status') isSuccess = takeString(cursor).toString('latin1') === 'success'
    else if (name === 'data') {
      data(cursor)
      hasData = true
    } else if (name === 'warnings' || name === 'infos') found[name] = takeNotes(cursor)
    else if (name === 'stats') takeValue(cursor)
    else if (name !== 'isPartial' || takeValue(cursor).toString('latin1') !== 'false') {
      throw unrecognised(`key ${name} in the envelope`)
    }
  })
  if (!isSuccess || !hasData || body.subarray(cursor.at).toString('latin1').trim() !== '') {
    throw unrecognised('not the envelope of a success')
  }
  return found
}

/** An answer with no data may say `null` instead of an empty list. */
function takeNotes(cursor: Cursor): Buffer[] {
  const notes: Buffer[] = []
  if (cursor.bytes[cursor.at] === 0x6e) {
    if (takeValue(cursor).toString('latin1') !== 'null') throw unrecognised('annotations')
    return notes
  }
  takeArray(cursor, () => notes.push(takeValue(cursor)))
  return notes
}

/** The annotations of a successful answer of any endpoint; undefined if the text is not a success that was understood. */
export function annotationsOf(body: Buffer): Annotations | undefined {
  try {
    return readEnvelope(body, (cursor) => void takeValue(cursor))
  } catch {
    return undefined
  }
}

/** `,"warnings":[…],"infos":[…]`, the tail of an envelope; empty without annotations. */
export function renderAnnotations({ warnings, infos }: Annotations): Buffer {
  const list = (name: string, notes: readonly Buffer[]): string =>
    notes.length === 0 ? '' : `,"${name}":[${notes.map((note) => note.toString('utf8')).join(',')}]`
  return Buffer.from(list('warnings', warnings) + list('infos', infos))
}

/** What is to be noted with an answer. */
export interface Notes {
  readonly warnings: readonly string[]
  readonly infos: readonly string[]
}

function renderNotes(had: Annotations, { warnings, infos }: Notes): Buffer {
  const json = (text: string): Buffer => Buffer.from(JSON.stringify(text))
  return renderAnnotations({
    warnings: [...had.warnings, ...warnings.map(json)],
    infos: [...had.infos, ...infos.map(json)],
  })
}

const head = Buffer.from('{"status":"success","data":')

/**
 * Adds annotations to a successful answer, after those it has. The data is copied, never decoded.
 * @throws GatehouseError `bad_gateway` if the body is not such an answer.
 */
export function annotate(body: Buffer, notes: Notes): Buffer {
  if (notes.warnings.length + notes.infos.length === 0) return body
  let data = body
  const had = readEnvelope(body, (cursor) => {
    data = takeValue(cursor)
  })
  return Buffer.concat([head, data, renderNotes(had, notes), Buffer.from('}')])
}

/** Annotations that are longer are not looked for at the end. */
const tailBytes = 65_536
// They stand in no string: quotes are escaped there.
const markers = [Buffer.from(',"warnings":["'), Buffer.from(',"infos":["')]

/** Reads `,"warnings":[…],"infos":[…]}` to its end; undefined if it is anything else. */
function readTail(tail: Buffer): Annotations | undefined {
  const members = Buffer.concat([head, Buffer.from('0'), tail])
  const notes = annotationsOf(members)
  const isText = (note: Buffer): boolean => note[0] === quote
  return notes !== undefined && [...notes.warnings, ...notes.infos].every(isText) ? notes : undefined
}

/**
 * As {@link annotate}, for long answers: looks at nothing but the end, and copies nothing. The answer is then `body` and after it `tail`.
 * @returns undefined if only the whole answer would tell where its data end
 */
export function annotateLong(
  body: Buffer,
  notes: Notes,
): { readonly body: Buffer; readonly tail: Buffer } | undefined {
  if (body.length <= 2 * tailBytes || !body.subarray(0, head.length).equals(head)) return undefined
  if (body.at(-1) !== closeBrace) return undefined
  const from = body.length - tailBytes
  const found = markers.map((marker) => body.indexOf(marker, from)).find((at) => at !== -1)
  const end = found ?? body.length - 1
  const had = readTail(body.subarray(end))
  // After a list of texts, or an empty one, it cannot be told whether it is the data or annotations.
  const isEnd =
    body[end - 1] === closeBrace || (body[end - 1] === closeBracket && body[end - 2] === closeBrace)
  if (had === undefined || !isEnd) return undefined
  return { body: body.subarray(0, end), tail: Buffer.concat([renderNotes(had, notes), Buffer.from('}')]) }
}
