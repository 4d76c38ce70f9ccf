import { describe, expect, it } from 'vitest'
import { readBoard } from './board.ts'
import { changesQueries, diffBoards } from './board-diff.ts'

const base = {
  title: 'T',
  templating: { list: [{ name: 'env', type: 'custom', query: 'a,b' }] },
  panels: [
    {
      id: 1,
      type: 'stat',
      title: 'One',
      gridPos: { x: 0, y: 0, w: 1, h: 1 },
      targets: [{ refId: 'A', expr: 'up' }],
    },
    {
      id: 2,
      type: 'stat',
      title: 'Two',
      gridPos: { x: 1, y: 0, w: 1, h: 1 },
      targets: [{ refId: 'A', expr: 'down' }],
    },
  ],
}
const [one, two] = base.panels

describe('what differs between versions', () => {
  it('is nothing where only Grafana’s own numbers differ', () => {
    expect(diffBoards(readBoard(base), readBoard({ ...base, version: 7, id: 3, iteration: 1 }))).toEqual([])
  })

  it('is queries, properties and what came and went', () => {
    const after = {
      ...base,
      refresh: '30s',
      panels: [
        { ...one, targets: [{ refId: 'A', expr: 'up == 1' }], fieldConfig: { defaults: { unit: 's' } } },
        { id: 9, type: 'text', title: 'New' },
      ],
    }
    const changes = diffBoards(readBoard(base), readBoard(after))
    expect(changes).toEqual([
      { kind: 'changed', what: 'the dashboard itself', queries: [], properties: ['auto-refresh'] },
      {
        kind: 'changed',
        what: 'panel “One”',
        queries: [{ refId: 'A', before: 'up', after: 'up == 1' }],
        properties: ['units, thresholds and colours'],
      },
      { kind: 'added', what: 'panel “New”', queries: [], properties: [] },
      {
        kind: 'removed',
        what: 'panel “Two”',
        queries: [{ refId: 'A', before: 'down', after: undefined }],
        properties: [],
      },
    ])
    expect(changesQueries(changes)).toBe(true)
  })

  it('a moved panel or another id changes no query', () => {
    const after = {
      ...base,
      panels: [
        { ...two, id: 5 },
        { ...one, gridPos: { x: 9, y: 0, w: 1, h: 1 } },
      ],
    }
    const changes = diffBoards(readBoard(base), readBoard(after))
    expect(changes.map(({ what, properties }) => [what, properties])).toEqual([
      ['panel “One”', ['place and size']],
    ])
    expect(changesQueries(changes)).toBe(false)
  })

  it('a variable is a query too', () => {
    const after = { ...base, templating: { list: [{ name: 'env', type: 'custom', query: 'a' }] } }
    expect(changesQueries(diffBoards(readBoard(base), readBoard(after)))).toBe(true)
  })
})
