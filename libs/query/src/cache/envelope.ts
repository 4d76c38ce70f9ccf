import { type Cursor, takeArray, takeObject, takeString, takeValue, unrecognised } from './cursor.ts'

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

/**
 * Adds annotations to a successful answer, after those it has. The data is copied, never decoded.
 * @throws GatehouseError `bad_gateway` if the body is not such an answer.
 */
export function annotate(
  body: Buffer,
  notes: { readonly warnings: readonly string[]; readonly infos: readonly string[] },
): Buffer {
  if (notes.warnings.length + notes.infos.length === 0) return body
  let data = body
  const had = readEnvelope(body, (cursor) => {
    data = takeValue(cursor)
  })
  const json = (text: string): Buffer => Buffer.from(JSON.stringify(text))
  const all = renderAnnotations({
    warnings: [...had.warnings, ...notes.warnings.map(json)],
    infos: [...had.infos, ...notes.infos.map(json)],
  })
  return Buffer.concat([Buffer.from('{"status":"success","data":'), data, all, Buffer.from('}')])
}
