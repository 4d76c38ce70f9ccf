import { z } from 'zod'
import type { Variable } from './variable.ts'

// A uid, its name alone, or a variable in place of either.
const dataSource = z.union([
  z.string(),
  z.looseObject({ type: z.string().nullish(), uid: z.string().nullish() }),
])
type DataSource = z.output<typeof dataSource> | null | undefined
const target = z.looseObject({
  expr: z.string().optional(),
  exemplar: z.boolean().nullish(),
  datasource: dataSource.nullish(),
})
type Panel = {
  title?: string | undefined
  datasource?: DataSource
  targets?: z.output<typeof target>[] | null | undefined
  panels?: Panel[] | null | undefined
}
const panel: z.ZodType<Panel> = z.looseObject({
  title: z.string().optional(),
  datasource: dataSource.nullish(),
  targets: z.array(target).nullish(),
  get panels() {
    return z.array(panel).nullish()
  },
}) as z.ZodType<Panel>
const variable = z.looseObject({
  name: z.string(),
  type: z.string(),
  multi: z.boolean().nullish(),
  includeAll: z.boolean().nullish(),
  allValue: z.string().nullish(),
  regex: z.string().nullish(),
  auto: z.boolean().nullish(),
  datasource: dataSource.nullish(),
  query: z.union([z.string(), z.looseObject({ query: z.string().optional() })]).nullish(),
  options: z.array(z.looseObject({ value: z.union([z.string(), z.array(z.string())]).optional() })).nullish(),
})
const dashboardSchema = z.looseObject({
  uid: z.string().nullish(),
  title: z.string().default(''),
  panels: z.array(panel).nullish(),
  rows: z.array(z.looseObject({ panels: z.array(panel).nullish() })).nullish(),
  templating: z.looseObject({ list: z.array(variable).default([]) }).nullish(),
  annotations: z
    .looseObject({
      list: z
        .array(
          z.looseObject({
            name: z.string().optional(),
            datasource: dataSource.nullish(),
            expr: z.string().optional(),
            target: target.optional(),
          }),
        )
        .default([]),
    })
    .nullish(),
})

/** A query text of a dashboard and the place it stands in. */
export interface DashboardQuery {
  readonly where: string
  readonly kind: 'panel' | 'annotation' | 'variable'
  readonly text: string
  /** Whether exemplars of its series are shown with it. */
  readonly exemplars?: true
}

/** What of a Grafana dashboard (v1 JSON) decides which queries it runs. */
export interface Dashboard {
  readonly uid: string | undefined
  readonly title: string
  readonly variables: readonly Variable[]
  readonly queries: readonly DashboardQuery[]
}

const variableKinds: readonly string[] = [
  'query',
  'custom',
  'interval',
  'constant',
  'textbox',
  'datasource',
  'adhoc',
]

/**
 * Reads a Grafana dashboard (v1 JSON, bare or wrapped in `{dashboard: …}`).
 * @throws ZodError if it is not one.
 */
export function readDashboard(json: unknown): Dashboard {
  const wrapped = z.looseObject({ dashboard: z.unknown() }).safeParse(json)
  const board = dashboardSchema.parse(
    wrapped.success && wrapped.data.dashboard !== undefined ? wrapped.data.dashboard : json,
  )
  const list = board.templating?.list ?? []
  const panels = [...(board.panels ?? []), ...(board.rows ?? []).flatMap((row) => row.panels ?? [])]
  return {
    uid: board.uid ?? undefined,
    title: board.title,
    variables: list.filter(({ type }) => variableKinds.includes(type)).map(toVariable),
    queries: [
      ...panels.flatMap(panelQueries),
      ...(board.annotations?.list ?? [])
        .filter(({ datasource, target: t }) => isPrometheus(t?.datasource, datasource))
        .flatMap(({ name = 'annotation', expr, target: t }) => query(name, 'annotation', expr ?? t?.expr)),
      ...list
        .filter(({ type, datasource }) => type === 'query' && isPrometheus(datasource))
        .flatMap((v) => query(`$${v.name}`, 'variable', queryText(v.query))),
    ],
  }
}

/**
 * Whether a query goes to a Prometheus, judged by the first data source that says what it is: other query languages have an `expr` too,
 * and some of their texts are PromQL by chance.
 */
function isPrometheus(...sources: readonly DataSource[]): boolean {
  for (const source of sources) {
    const type = typeof source === 'object' ? source?.type : undefined
    // A panel of several data sources is of type `datasource`; its queries name their own.
    if (typeof type === 'string' && !/^(datasource|mixed|\$.*)$/.test(type))
      return type.includes('prometheus')
  }
  return true
}

function panelQueries(item: Panel): DashboardQuery[] {
  const where = item.title === undefined || item.title === '' ? 'panel' : item.title
  return [
    ...(item.targets ?? [])
      .filter((t) => isPrometheus(t.datasource, item.datasource))
      .flatMap((t) =>
        query(where, 'panel', t.expr).map(
          (one): DashboardQuery => (t.exemplar === true ? { ...one, exemplars: true } : one),
        ),
      ),
    ...(item.panels ?? []).flatMap(panelQueries),
  ]
}

function query(where: string, kind: DashboardQuery['kind'], text: string | undefined): DashboardQuery[] {
  return text === undefined || text.trim() === '' ? [] : [{ where, kind, text }]
}

function queryText(value: z.output<typeof variable>['query']): string | undefined {
  return typeof value === 'string' ? value : value?.query
}

function toVariable(v: z.output<typeof variable>): Variable {
  return {
    name: v.name,
    kind: v.type as Variable['kind'],
    multi: v.multi ?? false,
    includeAll: v.includeAll ?? false,
    allValue: v.allValue === '' ? undefined : (v.allValue ?? undefined),
    options: listedOptions(v),
    ...(v.type === 'query' && v.regex != null && v.regex !== '' ? { regex: v.regex } : {}),
  }
}

// Custom and interval variables list their values in `query`; `options` is Grafana's own copy of them.
function listedOptions(v: z.output<typeof variable>): readonly string[] | undefined {
  const text = queryText(v.query) ?? ''
  if (v.type === 'constant') return [text]
  if (v.type === 'interval' && v.auto === true) return undefined
  if (v.type !== 'custom' && v.type !== 'interval') return undefined
  return text
    .split(/(?<!\\),/)
    .map((item) => item.trim().replace(/\\,/g, ','))
    .map((item) => (/^.+ : .+$/.test(item) ? item.slice(item.indexOf(' : ') + 3).trim() : item))
    .filter((item) => item !== '')
}
