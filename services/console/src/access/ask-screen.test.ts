import { describe, expect, it } from 'vitest'
import { placeOf } from './ask-screen.tsx'

describe('placeOf', () => {
  it('reads the places one can ask for', () => {
    expect(placeOf('data-source:metrics')).toEqual({ kind: 'data-source', uid: 'metrics' })
    expect(placeOf('folder:ops_1')).toEqual({ kind: 'folder', uid: 'ops_1' })
  })

  it.each([null, '', 'metrics', 'team:x', 'data-source:', 'data-source:../x', 'data-source:a b'])(
    'takes no other: %s',
    (text) => expect(placeOf(text)).toBeUndefined(),
  )
})
