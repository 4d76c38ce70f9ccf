import { isRecord, textOf } from './json.ts'

/** The data source a panel, a query, a variable or an annotation names; a uid may hold a variable. */
export interface DataSourceRef {
  /** Grafana's plugin id, such as `prometheus`; undefined where the dashboard does not say. */
  readonly type: string | undefined
  /** Uid or, in old dashboards, name. */
  readonly uid: string | undefined
}

/** Reads `{type, uid}`, or the name alone as old dashboards have it; undefined for the default data source. */
export function readDataSourceRef(value: unknown): DataSourceRef | undefined {
  if (typeof value === 'string') return value === '' ? undefined : { type: undefined, uid: value }
  if (!isRecord(value)) return undefined
  const ref = { type: textOf(value['type']), uid: textOf(value['uid']) }
  return ref.type === undefined && ref.uid === undefined ? undefined : ref
}

const grafanasOwn = ['-- Grafana --', 'grafana', '-- Dashboard --', '-- Mixed --', '__expr__', '-100']

/** Why queries of this data source cannot run here; undefined if they can. */
export function whyNotPrometheus(ref: DataSourceRef | undefined): string | undefined {
  if (ref === undefined) return undefined
  const { type, uid = '' } = ref
  if (type === '__expr__' || uid === '__expr__') return 'It is computed by Grafana’s server-side expressions.'
  if (uid === '-- Dashboard --') return 'It shows the result of another panel.'
  if (
    type === 'grafana' ||
    (type === 'datasource' && uid === 'grafana') ||
    grafanasOwn.slice(0, 2).includes(uid)
  )
    return 'It shows data of Grafana itself.'
  if (type !== undefined && type !== 'prometheus' && type !== 'datasource')
    return `Its data source is of the type ${type}, not Prometheus.`
  return undefined
}
