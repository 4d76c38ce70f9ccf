import { GatehouseError } from '@gatehouse/errors'
import {
  skipSpace,
  takeArray,
  takeObject,
  takeString,
  takeValue,
  type Cursor,
  expectByte,
  openBrace,
  colon,
} from '../cache/cursor.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Reads a piece of JSON. @throws GatehouseError `bad_gateway` */
function parseJson(text: Buffer): unknown {
  try {
    return JSON.parse(utf8.decode(text))
  } catch (error) {
    throw new GatehouseError('bad_gateway', 'an upstream gave no usable answer', { detail: String(error) })
  }
}

/** A series of an answer, still as the text it came as: a large answer is read one series after the other. */
export class RawItem {
  readonly #text: Buffer

  constructor(text: Buffer) {
    this.#text = text
  }

  /** What it says. */
  parse(): unknown {
    return parseJson(this.#text)
  }

  /** Its labels; its samples are not looked at if they stand behind, as Prometheus writes them. */
  metric(): unknown {
    const cursor: Cursor = { bytes: this.#text, at: 0 }
    expectByte(cursor, openBrace)
    if (takeString(cursor).toString('latin1') !== 'metric') return memberOf(this.parse(), 'metric')
    expectByte(cursor, colon)
    return parseJson(takeValue(cursor))
  }

  /** The text itself, as UTF-8. */
  bytes(): Buffer {
    return this.#text
  }
}

/** The series of an answer, each made when it is come to: a list of them could be larger than the answer. */
export class RawItems implements Iterable<RawItem> {
  readonly length: number
  readonly #body: Buffer
  readonly #spans: Uint32Array

  /** `spans` holds where each series begins and ends. */
  constructor(body: Buffer, spans: Uint32Array) {
    this.#body = body
    this.#spans = spans
    this.length = spans.length / 2
  }

  *[Symbol.iterator](): Generator<RawItem, void> {
    for (let i = 0; i < this.#spans.length; i += 2)
      yield new RawItem(this.#body.subarray(this.#spans[i], this.#spans[i + 1]))
  }

  /** Gives the memory of the answer back at once: nobody will read it again. */
  release(): void {
    releaseBuffer(this.#body)
  }
}

/** Gives the memory of a buffer back at once rather than when somebody collects it. Short ones share theirs with others. */
export function releaseBuffer({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && !buffer.detached && buffer.byteLength === byteLength)
    buffer.transfer(0)
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.getOwnPropertyDescriptor(value, name)?.value
    : undefined
}

function takeData(cursor: Cursor): Record<string, unknown> {
  const data: Record<string, unknown> = {}
  takeObject(cursor, (name) => {
    if (name !== 'result') data[name] = parseJson(takeValue(cursor))
    else data[name] = takeResult(cursor)
  })
  return data
}

/** Series are left as they are, anything else is read. */
function takeResult(cursor: Cursor): unknown {
  skipSpace(cursor)
  const start = cursor.at
  let spans = new Uint32Array(256)
  let length = 0
  let isSeries = true
  takeArray(cursor, () => {
    const text = takeValue(cursor)
    isSeries &&= text[0] === openBrace
    if (length === spans.length) {
      const longer = new Uint32Array(2 * length)
      longer.set(spans)
      spans = longer
    }
    spans[length++] = cursor.at - text.length
    spans[length++] = cursor.at
  })
  if (isSeries && length > 0) return new RawItems(cursor.bytes, spans.subarray(0, length))
  return parseJson(cursor.bytes.subarray(start, cursor.at))
}

/** Reads an answer of the query API, the series of its `data.result` as {@link RawItems}. @throws GatehouseError `bad_gateway` */
export function readRawAnswer(body: Buffer): Readonly<Record<string, unknown>> {
  const answer: Record<string, unknown> = {}
  const cursor: Cursor = { bytes: body, at: 0 }
  takeObject(cursor, (name) => {
    answer[name] = name === 'data' ? takeData(cursor) : parseJson(takeValue(cursor))
  })
  return answer
}
