import { describe, expect, it } from 'vitest'
import { listNotes } from './notes.ts'

const some = (kind: string, count: number) =>
  Array.from({ length: count }, (_, i) => `PromQL ${kind}: note ${i}`)
const list = (warnings: readonly string[], infos: readonly string[], splitsNotes = true) =>
  listNotes({ warnings: new Set(warnings), infos: new Set(infos) }, { splitsNotes })

describe('notes', () => {
  it('are listed as they came, ten of each kind', () => {
    expect(list(some('warning', 10), some('info', 2))).toEqual({
      warnings: some('warning', 10),
      infos: some('info', 2),
    })
    expect(list(some('warning', 13), some('info', 11))).toEqual({
      warnings: [...some('warning', 10), '3 more warning annotations omitted'],
      infos: [...some('info', 10), '1 more info annotations omitted'],
    })
  })

  it('are all warnings before Prometheus 2.54', () => {
    expect(list(some('warning', 1), some('info', 11), false)).toEqual({
      warnings: [...some('warning', 1), ...some('info', 9), '2 more annotations omitted'],
      infos: [],
    })
  })

  it('count what shards left out', () => {
    const ofShards = [
      ...some('info', 12),
      '5 more info annotations omitted',
      '2 more info annotations omitted',
    ]
    expect(list([], ofShards).infos.at(-1)).toBe('7 more info annotations omitted')
  })

  it('that are no remarks on the expression are always among them', () => {
    const partial = 'partial answer: not every shard answered'
    expect(list([...some('warning', 11), partial], []).warnings).toEqual([
      partial,
      ...some('warning', 10),
      '1 more warning annotations omitted',
    ])
  })
})
