import { type DataSourceRef, readDataSourceRef } from './data-source-ref.ts'
import { flagOf, isRecord, type Json, numberOf, recordOf, recordsOf, textOf, textsOf } from './json.ts'
import { type BoardLink, type Panel, readLinks, readPanel } from './panel.ts'
import { readVariables, type Variable } from './variable.ts'

/** Panels below one heading, which folds them away. The first has no heading. */
export interface BoardRow {
  readonly key: string
  readonly title: string | undefined
  readonly collapsed: boolean
  /** The variable for each of whose values the row stands once. */
  readonly repeat: string | undefined
  readonly panels: readonly Panel[]
}

/** A query whose results are marked on every time series of the dashboard. */
export interface AnnotationQuery {
  readonly name: string
  readonly expr: string
  readonly enabled: boolean
  readonly hidden: boolean
  readonly color: string
  readonly dataSource: DataSourceRef | undefined
  readonly titleFormat: string
  readonly textFormat: string
  readonly tagKeys: readonly string[]
  /** Least step. */
  readonly step: string
}

/** A Grafana dashboard (JSON, v1 schema), as far as it is shown; `raw` has all of it. */
export interface Board {
  readonly uid: string | undefined
  readonly title: string
  readonly description: string | undefined
  readonly tags: readonly string[]
  readonly isUtc: boolean
  readonly time: { readonly from: string; readonly to: string }
  /** A duration, or empty for none. */
  readonly refresh: string
  readonly variables: readonly Variable[]
  readonly annotations: readonly AnnotationQuery[]
  readonly links: readonly BoardLink[]
  readonly rows: readonly BoardRow[]
  /** Whether the cursors of all charts move together. */
  readonly sharesCursor: boolean
  readonly raw: Json
}

/** Something that says it is a dashboard and cannot be read as one. */
export class NotABoard extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'NotABoard'
  }
}

/**
 * Reads a Grafana dashboard, bare or wrapped in `{dashboard: …}`. What is not known is kept in `raw` and never an error.
 * @throws NotABoard for what is no v1 dashboard at all
 */
export function readBoard(json: unknown): Board {
  const outer = isRecord(json) ? json : undefined
  const raw = outer !== undefined && isRecord(outer['dashboard']) ? outer['dashboard'] : outer
  if (raw === undefined) throw new NotABoard('This is not a JSON object.')
  if (isRecord(raw['spec']) && raw['panels'] === undefined)
    throw new NotABoard('This is a dashboard of Grafana’s v2 schema. Export it as v1 (classic) JSON.')
  const time = recordOf(raw['time'])
  return {
    uid: textOf(raw['uid']),
    title: textOf(raw['title']) ?? 'Untitled dashboard',
    description: textOf(raw['description']),
    tags: textsOf(raw['tags']),
    isUtc: raw['timezone'] === 'utc' || raw['timezone'] === 'UTC',
    time: { from: textOf(time['from']) ?? 'now-6h', to: textOf(time['to']) ?? 'now' },
    refresh: textOf(raw['refresh']) ?? '',
    variables: readVariables(raw['templating']),
    annotations: recordsOf(recordOf(raw['annotations'])['list']).flatMap(readAnnotation),
    links: readLinks(raw['links']),
    rows: readRows(raw),
    sharesCursor: (numberOf(raw['graphTooltip']) ?? 0) > 0,
    raw,
  }
}

/** Values of `__inputs` by name: constants as they are; a data source stands for the default one. */
export function inputsOf({ raw }: Pick<Board, 'raw'>): ReadonlyMap<string, string> {
  return new Map(
    recordsOf(raw['__inputs']).flatMap((input) => {
      const name = textOf(input['name'])
      if (name === undefined) return []
      return [[name, input['type'] === 'datasource' ? '' : (textOf(input['value']) ?? '')] as const]
    }),
  )
}

function readAnnotation(json: Json): readonly AnnotationQuery[] {
  const target = recordOf(json['target'])
  const expr = textOf(json['expr']) ?? textOf(target['expr'])
  if (expr === undefined) return []
  return [
    {
      name: textOf(json['name']) ?? 'Annotation',
      expr,
      enabled: flagOf(json['enable']) ?? true,
      hidden: flagOf(json['hide']) ?? false,
      color: textOf(json['iconColor']) ?? 'blue',
      dataSource: readDataSourceRef(json['datasource']),
      titleFormat: textOf(json['titleFormat']) ?? '',
      textFormat: textOf(json['textFormat']) ?? '',
      tagKeys: (textOf(json['tagKeys']) ?? '')
        .split(',')
        .map((key) => key.trim())
        .filter((key) => key !== ''),
      step: textOf(json['step']) ?? '60s',
    },
  ]
}

function readRows(raw: Json): readonly BoardRow[] {
  const old = recordsOf(raw['rows'])
  if (old.length > 0 && recordsOf(raw['panels']).length === 0) return old.map(readOldRow)
  const rows: { row: BoardRow; panels: Panel[] }[] = []
  const first: BoardRow = { key: 'row', title: undefined, collapsed: false, repeat: undefined, panels: [] }
  rows.push({ row: first, panels: [] })
  const inOrder = recordsOf(raw['panels']).toSorted((a, b) => order(a) - order(b))
  inOrder.forEach((json, i) => {
    if (json['type'] !== 'row') {
      rows.at(-1)?.panels.push(readPanel(json, i))
      return
    }
    const row = {
      key: `row-${numberOf(json['id']) ?? i}-${i}`,
      title: textOf(json['title']) ?? '',
      collapsed: flagOf(json['collapsed']) ?? false,
      repeat: textOf(json['repeat']),
      panels: [],
    }
    rows.push({ row, panels: recordsOf(json['panels']).map((p, k) => readPanel(p, i * 1_000 + k)) })
  })
  return rows
    .map(({ row, panels }) => ({ ...row, panels: fromTop(panels) }))
    .filter(({ title, panels }) => title !== undefined || panels.length > 0)
}

function order(json: Json): number {
  const place = recordOf(json['gridPos'])
  return (numberOf(place['y']) ?? 0) * 24 + (numberOf(place['x']) ?? 0)
}

/** Every row begins at the top of its own grid. */
function fromTop(panels: readonly Panel[]): readonly Panel[] {
  const top = Math.min(...panels.map(({ place }) => place.y))
  return panels.map((panel) => ({ ...panel, place: { ...panel.place, y: panel.place.y - top } }))
}

// Before version 5 panels had widths of 12 columns, and rows heights in pixels.
function readOldRow(row: Json, index: number): BoardRow {
  const pixels = numberOf(row['height']) ?? numberOf(textOf(row['height'])?.replace('px', '')) ?? 250
  const h = Math.max(3, Math.round(pixels / 38))
  let [x, y] = [0, 0]
  const panels = recordsOf(row['panels']).map((json, i) => {
    const w = Math.min(24, (numberOf(json['span']) ?? 4) * 2)
    if (x + w > 24) [x, y] = [0, y + h]
    const panel = readPanel({ ...json, gridPos: { x, y, w, h } }, index * 1_000 + i)
    x += w
    return panel
  })
  const shows = row['showTitle'] === true || row['collapse'] === true
  return {
    key: `row-${index}`,
    title: shows ? (textOf(row['title']) ?? '') : undefined,
    collapsed: flagOf(row['collapse']) ?? false,
    repeat: textOf(row['repeat']),
    panels,
  }
}
