import { type DataSourceRef, readDataSourceRef } from './data-source-ref.ts'
import { type FieldConfigs, readFieldConfigs } from './field-config.ts'
import { flagOf, isRecord, type Json, numberOf, recordOf, recordsOf, textOf, textsOf } from './json.ts'
import { modernPanel } from './old-panels.ts'

/** One query of a panel. */
export interface Target {
  readonly refId: string
  readonly expr: string
  readonly legend: string
  readonly format: 'time_series' | 'table' | 'heatmap'
  readonly range: boolean
  readonly instant: boolean
  /** Least step, may hold a variable. */
  readonly interval: string
  readonly intervalFactor: number
  readonly hidden: boolean
  readonly dataSource: DataSourceRef | undefined
  /** Whether single observations that were kept beside the samples are shown, too. */
  readonly exemplars: boolean
}

/** Place on the grid of 24 columns; a unit of height is 30 pixels with 8 between. */
export interface GridPlace {
  readonly x: number
  readonly y: number
  readonly w: number
  readonly h: number
}

/** A link of a panel or of a field. */
export interface BoardLink {
  readonly title: string
  readonly url: string
  readonly tooltip: string | undefined
  readonly newTab: boolean
  readonly keepTime: boolean
  readonly includeVars: boolean
  /** Links to all dashboards with these tags instead of a URL; in a menu, or beside each other. */
  readonly tags: readonly string[] | undefined
  readonly isMenu: boolean
}

export interface Transformation {
  readonly id: string
  readonly options: Json
}

/** A panel of a dashboard, with the JSON it was read of. */
export interface Panel {
  /** Unique on the page; repeated panels have their value in it. */
  readonly key: string
  readonly id: number
  readonly type: string
  readonly title: string
  readonly description: string | undefined
  readonly place: GridPlace
  readonly transparent: boolean
  readonly targets: readonly Target[]
  readonly dataSource: DataSourceRef | undefined
  readonly options: Json
  readonly fields: FieldConfigs
  readonly transformations: readonly Transformation[]
  readonly maxDataPoints: number | undefined
  /** Least step of all queries, may hold a variable. */
  readonly interval: string
  /** A range of its own, such as `24h`, and how far it lies back. */
  readonly timeFrom: string | undefined
  readonly timeShift: string | undefined
  readonly repeat: string | undefined
  readonly repeatDirection: 'h' | 'v'
  readonly maxPerRow: number
  readonly links: readonly BoardLink[]
  readonly raw: Json
}

export function readLinks(value: unknown): readonly BoardLink[] {
  return recordsOf(value).map((link) => ({
    title: textOf(link['title']) ?? textOf(link['url']) ?? 'Link',
    url: textOf(link['url']) ?? '',
    tooltip: textOf(link['tooltip']),
    newTab: flagOf(link['targetBlank']) ?? false,
    keepTime: flagOf(link['keepTime']) ?? false,
    includeVars: flagOf(link['includeVars']) ?? false,
    tags: link['type'] === 'dashboards' ? textsOf(link['tags']) : undefined,
    isMenu: flagOf(link['asDropdown']) ?? false,
  }))
}

function readTarget(json: Json, index: number): Target {
  const instant = flagOf(json['instant']) ?? false
  const format = json['format']
  return {
    refId: textOf(json['refId']) ?? String.fromCharCode(65 + (index % 26)),
    expr: (textOf(json['expr']) ?? '').trim(),
    legend: textOf(json['legendFormat']) ?? '',
    format: format === 'table' || format === 'heatmap' ? format : 'time_series',
    // Grafana asks for a range unless it is told otherwise.
    range: flagOf(json['range']) ?? !instant,
    instant,
    interval: textOf(json['interval']) ?? '',
    intervalFactor: numberOf(json['intervalFactor']) ?? 1,
    hidden: flagOf(json['hide']) ?? false,
    dataSource: readDataSourceRef(json['datasource']),
    exemplars: flagOf(json['exemplar']) ?? false,
  }
}

function readPlace(value: unknown): GridPlace {
  const json = recordOf(value)
  const w = Math.min(24, Math.max(1, numberOf(json['w']) ?? 12))
  return {
    x: Math.min(24 - w, Math.max(0, numberOf(json['x']) ?? 0)),
    y: Math.max(0, numberOf(json['y']) ?? 0),
    w,
    h: Math.max(1, numberOf(json['h']) ?? 8),
  }
}

/** Reads one panel; those of before version 8 become what Grafana makes of them. */
export function readPanel(source: Json, index: number): Panel {
  const json = modernPanel(source)
  const id = numberOf(json['id']) ?? -1 - index
  return {
    key: `panel-${id}-${index}`,
    id,
    type: textOf(json['type']) ?? '',
    title: textOf(json['title']) ?? '',
    description: textOf(json['description']),
    place: readPlace(json['gridPos']),
    transparent: flagOf(json['transparent']) ?? false,
    targets: recordsOf(json['targets']).map(readTarget),
    dataSource: readDataSourceRef(json['datasource']),
    options: recordOf(json['options']),
    fields: readFieldConfigs(json['fieldConfig']),
    transformations: recordsOf(json['transformations']).flatMap((one) =>
      one['disabled'] === true ? [] : [{ id: textOf(one['id']) ?? '', options: recordOf(one['options']) }],
    ),
    maxDataPoints: numberOf(json['maxDataPoints']),
    interval: textOf(json['interval']) ?? '',
    timeFrom: textOf(json['timeFrom']),
    timeShift: textOf(json['timeShift']),
    repeat: textOf(json['repeat']),
    repeatDirection: json['repeatDirection'] === 'v' ? 'v' : 'h',
    maxPerRow: numberOf(json['maxPerRow']) ?? 4,
    links: readLinks(json['links']),
    raw: isRecord(source) ? source : {},
  }
}
