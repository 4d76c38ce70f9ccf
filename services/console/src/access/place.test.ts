import { describe, expect, it } from 'vitest'
import { placeOf } from './place.ts'

const kinds = ['org', 'folder', 'data-source', 'dashboard'] as const

describe('placeOf', () => {
  it('reads the places one can ask for', () => {
    expect(placeOf('data-source:metrics', kinds)).toEqual({ kind: 'data-source', uid: 'metrics' })
    expect(placeOf('folder:ops_1', kinds)).toEqual({ kind: 'folder', uid: 'ops_1' })
  })

  it.each([null, '', 'metrics', 'team:x', 'data-source:', 'data-source:../x', 'data-source:a b'])(
    'takes no other: %s',
    (text) => expect(placeOf(text, kinds)).toBeUndefined(),
  )
})
