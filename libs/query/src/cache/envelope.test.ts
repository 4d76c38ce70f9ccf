import { describe, expect, it } from 'vitest'
import { annotate, annotationsOf, hasAnnotations } from './envelope.ts'

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
