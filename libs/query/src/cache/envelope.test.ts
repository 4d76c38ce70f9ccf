import { describe, expect, it } from 'vitest'
import { annotate, annotateLong, annotationsOf, hasAnnotations } from './envelope.ts'

const notes = { warnings: ['refused from "11,000" points'], infos: ['70 %'] }

describe('annotate', () => {
  it('adds to an answer without annotations', () => {
    const body = annotate(Buffer.from('{"status":"success","data":["a","}"]}'), notes)
    expect(JSON.parse(body.toString())).toEqual({ status: 'success', data: ['a', '}'], ...notes })
  })

  it('adds after those an answer has', () => {
    const body = annotate(Buffer.from('{"status":"success","data":{"a":"]"},"warnings":["first"]}\n'), notes)
    expect(JSON.parse(body.toString())).toEqual({
      status: 'success',
      data: { a: ']' },
      warnings: ['first', ...notes.warnings],
      infos: notes.infos,
    })
  })

  it('leaves an answer alone when there is nothing to add', () => {
    const body = Buffer.from('anything')
    expect(annotate(body, { warnings: [], infos: [] })).toBe(body)
  })
})

describe('annotateLong', () => {
  const series = Array.from({ length: 9_000 }, (_, n) => `{"a":"${n},\\"warnings\\":[\\"","b":"]}"}`).join()
  const filler = '"x",'.repeat(40_000)

  it.each([
    `{"status":"success","data":{"resultType":"matrix","result":[${series}]}}`,
    `{"status":"success","data":[${series}]}`,
    `{"status":"success","data":[${series}],"warnings":["first","}"]}`,
    `{"status":"success","data":[${series}],"infos":["first"]}`,
    `{"status":"success","data":[${series}],"warnings":["first"],"infos":["second"]}`,
  ])('adds to an answer what annotate would (%#)', (text) => {
    const body = Buffer.from(text)
    const long = annotateLong(body, notes)
    const whole = long && Buffer.concat([long.body, long.tail])
    expect(whole?.equals(annotate(body, notes))).toBe(true)
  })

  it.each([
    ['is short', '{"status":"success","data":[{}]}'],
    ['is a list of texts', `{"status":"success","data":[${filler}"x"]}`],
    [
      'has notes in another order',
      `{"status":"success","data":[{}],"infos":[${filler}"x"],"warnings":["y"]}`,
    ],
    ['has more notes than are looked at', `{"status":"success","data":[{}],"warnings":[${filler}"x"]}`],
    ['has metadata of that name', `{"status":"success","data":{"x":[${filler}{}],"warnings":["y"]}}`],
    ['has empty notes', `{"status":"success","data":[${series}],"warnings":[]}`],
    ['is a failure', `{"status":"error","data":[${series}]}`],
    ['broke off', `{"status":"success","data":[${series}]`],
  ])('leaves alone what %s', (_, text) => {
    expect(annotateLong(Buffer.from(text), notes)).toBeUndefined()
  })
})

describe('annotationsOf', () => {
  const noted = (text: string): boolean | undefined => {
    const found = annotationsOf(Buffer.from(text))
    return found && hasAnnotations(found)
  }
  it.each([
    ['{"status":"success","data":[]}', false],
    ['{"status":"success","data":{"warnings":["x"]}}', false],
    ['{"status":"success","data":"\\"warnings\\":[1]"}', false],
    ['{"status":"success","data":[],"warnings":[],"infos":null}', false],
    ['{"status":"success","data":[],"warnings":["x"]}', true],
    ['{"infos":["x"],"status":"success","data":[]}', true],
    ['{"status":"success","data":[],"stats":{"seriesFetched":"1"},"isPartial":false}', false],
    ['{"status":"success","data":[],"isPartial":true}', undefined],
    ['{"status":"success","data":[],"warn\\u0069ngs":["x"]}', undefined],
    ['{"status":"error","data":[]}', undefined],
    ['{"status":"success"}', undefined],
    ['{"status":"success","data":[', undefined],
    ['', undefined],
  ])('%s → %s', (body, expected) => expect(noted(body)).toBe(expected))
})
