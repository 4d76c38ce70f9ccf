import { GatehouseError } from '@gatehouse/errors'
import {
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

  /** The text itself. */
  toJson(): string {
    return utf8.decode(this.#text)
  }
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
    else {
      const items: unknown[] = []
      takeArray(cursor, () => {
        const text = takeValue(cursor)
        items.push(text[0] === openBrace ? new RawItem(text) : parseJson(text))
      })
      data[name] = items
    }
  })
  return data
}

/** Reads an answer of the query API, the series of its `data.result` as {@link RawItem}s. @throws GatehouseError `bad_gateway` */
export function readRawAnswer(body: Buffer): Readonly<Record<string, unknown>> {
  const answer: Record<string, unknown> = {}
  const cursor: Cursor = { bytes: body, at: 0 }
  takeObject(cursor, (name) => {
    answer[name] = name === 'data' ? takeData(cursor) : parseJson(takeValue(cursor))
  })
  return answer
}
