import { describe, expect, it } from 'vitest'
import { NotABoard, readBoard } from './board.ts'
import { configOf } from './field-config.ts'
import type { Values } from './interpolate.ts'
import { layOut } from './layout.ts'
import { readAddress } from './url-state.ts'
import { readVariables } from './variable.ts'

const place = (x: number, y: number, w = 12, h = 4): object => ({ gridPos: { x, y, w, h } })

describe('reading a dashboard', () => {
  it('keeps all of it, known or not', () => {
    const json = { title: 'T', panels: [{ type: 'canvas', whatever: { deep: [1] } }], newThing: 1 }
    const board = readBoard({ dashboard: json, meta: {} })
    expect(board.raw).toBe(json)
    expect(board.rows[0]?.panels[0]).toMatchObject({ type: 'canvas', raw: json.panels[0] })
  })

  it.each([[[]], ['text'], [null], [3]])('%j is none', (json) => {
    expect(() => readBoard(json)).toThrow(NotABoard)
  })

  it('says that the v2 schema is another', () => {
    expect(() => readBoard({ kind: 'Dashboard', spec: { elements: {} } })).toThrow('v2')
  })

  it.each([
    [
      'numbers as texts',
      { panels: [{ id: '4', gridPos: { w: '6' }, fieldConfig: { defaults: { max: '100' } } }] },
    ],
    ['nulls', { panels: null, templating: null, annotations: { list: null }, time: null, links: null }],
    [
      'wrong kinds',
      { panels: [null, 3, { targets: {}, options: [], fieldConfig: [] }], templating: { list: [{}] } },
    ],
  ])('reads %s', (_name, json) => {
    expect(() => readBoard(json)).not.toThrow()
  })

  it('puts panels below the row they stand under, each row from its own top', () => {
    const { rows } = readBoard({
      panels: [
        { type: 'stat', id: 1, ...place(0, 0) },
        { type: 'row', id: 2, title: 'Open', ...place(0, 4, 24, 1) },
        { type: 'stat', id: 4, ...place(12, 5) },
        { type: 'stat', id: 3, ...place(0, 5) },
        {
          type: 'row',
          id: 5,
          title: 'Folded',
          collapsed: true,
          panels: [{ type: 'stat', id: 6, ...place(0, 99) }],
          ...place(0, 10),
        },
      ],
    })
    expect(
      rows.map(({ title, collapsed, panels }) => [title, collapsed, panels.map((p) => [p.id, p.place.y])]),
    ).toEqual([
      [undefined, false, [[1, 0]]],
      [
        'Open',
        false,
        [
          [3, 0],
          [4, 0],
        ],
      ],
      ['Folded', true, [[6, 0]]],
    ])
  })

  it('reads rows of old dashboards', () => {
    const { rows } = readBoard({
      rows: [
        { title: 'Old', showTitle: true, height: '250px', panels: [{ span: 8 }, { span: 8 }, { span: 4 }] },
      ],
    })
    expect(rows[0]?.panels.map(({ place: { x, y, w } }) => [x, y, w])).toEqual([
      [0, 0, 16],
      [0, 7, 16],
      [16, 7, 8],
    ])
  })

  it('reads queries: a range unless told otherwise', () => {
    const { rows } = readBoard({
      panels: [
        {
          targets: [
            { expr: ' up ' },
            { expr: 'up', instant: true },
            { expr: 'up', instant: true, range: true, hide: true },
          ],
        },
      ],
    })
    expect(rows[0]?.panels[0]?.targets.map((t) => [t.refId, t.expr, t.range, t.instant, t.hidden])).toEqual([
      ['A', 'up', true, false, false],
      ['B', 'up', false, true, false],
      ['C', 'up', true, true, true],
    ])
  })
})

describe('panels of old kinds', () => {
  it('a graph is a time series', () => {
    const panel = readBoard({
      panels: [
        {
          type: 'graph',
          fill: 2,
          stack: true,
          legend: { show: true, values: true, avg: true, current: true, alignAsTable: true, rightSide: true },
          yaxes: [{ format: 'celsius', max: '90', logBase: 1 }, { format: 'percent' }],
          seriesOverrides: [{ alias: '/load/', yaxis: 2 }],
          thresholds: [{ value: 80, colorMode: 'critical' }],
          aliasColors: { a: '#ff0000' },
        },
      ],
    }).rows[0]?.panels[0]
    expect(panel?.type).toBe('timeseries')
    expect(panel?.options['legend']).toEqual({
      showLegend: true,
      displayMode: 'table',
      placement: 'right',
      calcs: ['mean', 'last'],
    })
    expect(panel?.fields.defaults).toMatchObject({
      unit: 'celsius',
      max: 90,
      custom: { fillOpacity: 20, stacking: { mode: 'normal' } },
    })
    const config = panel && configOf(panel.fields, { name: 'load1', type: 'number', refId: 'A' })
    expect(config).toMatchObject({ unit: 'percent', custom: { axisPlacement: 'right' } })
  })

  it('a gauge of old has its field options', () => {
    const panel = readBoard({
      panels: [
        {
          type: 'gauge',
          options: { fieldOptions: { calcs: ['mean'], defaults: { max: 100, unit: 'watt' } } },
        },
      ],
    }).rows[0]?.panels[0]
    expect(panel?.fields.defaults).toMatchObject({ max: 100, unit: 'watt' })
    expect(panel?.options['reduceOptions']).toMatchObject({ calcs: ['mean'] })
  })

  it('a single stat is a stat', () => {
    const panel = readBoard({
      panels: [
        {
          type: 'singlestat',
          valueName: 'current',
          thresholds: '1,2',
          colorValue: true,
          colors: ['green', 'orange', 'red'],
        },
      ],
    }).rows[0]?.panels[0]
    expect(panel?.type).toBe('stat')
    expect(panel?.fields.defaults.thresholds.steps.map(({ color }) => color)).toEqual([
      'green',
      'orange',
      'red',
    ])
  })
})

describe('field configuration', () => {
  const { fields } = readBoard({
    panels: [
      {
        fieldConfig: {
          defaults: { unit: 's', custom: { lineWidth: 1 } },
          overrides: [
            {
              matcher: { id: 'byName', options: 'a' },
              properties: [
                { id: 'unit', value: 'bytes' },
                { id: 'custom.lineWidth', value: 3 },
              ],
            },
            { matcher: { id: 'byRegexp', options: '/^a/' }, properties: [{ id: 'decimals', value: 2 }] },
            {
              matcher: { id: 'byType', options: 'string' },
              properties: [{ id: 'displayName', value: 'Text' }],
            },
            { matcher: { id: 'byFrameRefID', options: 'B' }, properties: [{ id: 'max', value: 9 }] },
            { matcher: { id: 'somethingNew' }, properties: [{ id: 'unit', value: 'never' }] },
          ],
        },
      },
    ],
  }).rows[0]?.panels[0] ?? { fields: undefined }

  it.each([
    ['a', 'number', 'A', { unit: 'bytes', decimals: 2, custom: { lineWidth: 3 } }],
    ['abc', 'string', 'A', { unit: 's', decimals: 2, displayName: 'Text' }],
    ['z', 'number', 'B', { unit: 's', decimals: undefined, max: 9 }],
  ] as const)('%s', (name, type, refId, config) => {
    expect(fields && configOf(fields, { name, type, refId })).toMatchObject(config)
  })
})

describe('repetition', () => {
  const [env] = readVariables({ list: [{ name: 'env', type: 'custom', query: 'a,b,c', multi: true }] })
  const states =
    env === undefined
      ? []
      : [
          {
            variable: env,
            options: ['a', 'b', 'c'].map((value) => ({ text: value.toUpperCase(), value })),
            chosen: ['a', 'c'],
            problem: undefined,
          },
        ]
  const values: Values = new Map()

  it('repeats panels across and makes room below', () => {
    const board = readBoard({
      panels: [
        { type: 'stat', id: 1, repeat: 'env', maxPerRow: 1, ...place(0, 0, 12, 4) },
        { type: 'stat', id: 2, ...place(0, 4) },
      ],
    })
    const [row] = layOut(board, states, values)
    expect(row?.panels.map(({ panel, scope }) => [panel.place.y, scope.get('env')?.value])).toEqual([
      [0, 'a'],
      [4, 'c'],
      [8, undefined],
    ])
  })

  it('stacks panels that want the same place, and leaves no room above one', () => {
    const board = readBoard({
      panels: [
        { type: 'stat', id: 1, ...place(0, 0) },
        { type: 'stat', id: 2, ...place(0, 0) },
        { type: 'stat', id: 3, ...place(6, 2) },
        { type: 'stat', id: 4, ...place(20, 9, 4) },
        { type: 'stat', id: 5, ...place(0, 30, 24) },
      ],
    })
    const [row] = layOut(board, [], values)
    expect(row?.panels.map(({ panel: { id, place: at } }) => [id, at.x, at.y])).toEqual([
      [1, 0, 0],
      [2, 0, 4],
      [3, 6, 8],
      [4, 20, 0],
      [5, 0, 12],
    ])
  })

  it('repeats rows with their panels', () => {
    const board = readBoard({
      panels: [
        { type: 'row', title: 'In $env', repeat: 'env' },
        { type: 'stat', ...place(0, 1) },
      ],
    })
    const rows = layOut(board, states, values)
    expect(rows.map(({ title, panels }) => [title, panels[0]?.scope.get('env')?.value])).toEqual([
      ['In A', 'a'],
      ['In C', 'c'],
    ])
    expect(new Set(rows.flatMap(({ panels }) => panels.map(({ panel }) => panel.key))).size).toBe(2)
  })
})

describe('the address', () => {
  it('is read as Grafana writes it', () => {
    const search = 'org=x&from=now-1h&to=now&var-env=prod&var-env=test&var-all=$__all&refresh=30s'
    const address = readAddress(search)
    expect(address.wanted.get('env')).toEqual(['prod', 'test'])
    expect(address.range).toEqual({ from: 'now-1h', to: 'now' })
  })
})
