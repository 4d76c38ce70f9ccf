import type { Board } from './board.ts'
import type { Json } from './json.ts'
import type { Panel } from './panel.ts'

/** One thing that differs between two versions of a dashboard. */
export interface BoardChange {
  readonly kind: 'added' | 'removed' | 'changed'
  /** What: a panel, a variable, a link or the dashboard itself. */
  readonly what: string
  /** Queries before and after, where they differ. */
  readonly queries: readonly {
    readonly refId: string
    readonly before: string | undefined
    readonly after: string | undefined
  }[]
  /** Other properties that differ, in words. */
  readonly properties: readonly string[]
}

function panelsOf({ rows }: Board): readonly Panel[] {
  return rows.flatMap(({ panels }) => panels)
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/** Names of the members of two objects that differ. */
function differing(a: Json, b: Json, except: readonly string[]): readonly string[] {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)])
  return [...keys].filter((key) => !except.includes(key) && !same(a[key], b[key]))
}

const words: Readonly<Record<string, string>> = {
  gridPos: 'place and size',
  title: 'title',
  type: 'kind',
  description: 'description',
  options: 'options',
  fieldConfig: 'units, thresholds and colours',
  transformations: 'transformations',
  datasource: 'data source',
  templating: 'variables',
  time: 'time range',
  refresh: 'auto-refresh',
  tags: 'tags',
  links: 'links',
  annotations: 'annotations',
  schemaVersion: 'schema version',
}
const inWords = (key: string): string => words[key] ?? key

function titleOf({ title, id }: Panel): string {
  return title === '' ? `panel ${id}` : `panel “${title}”`
}

function queryChanges(before: Panel | undefined, after: Panel | undefined): BoardChange['queries'] {
  const ids = new Set([...(before?.targets ?? []), ...(after?.targets ?? [])].map(({ refId }) => refId))
  return [...ids].flatMap((refId) => {
    const exprIn = (panel: Panel | undefined): string | undefined =>
      panel?.targets.find((target) => target.refId === refId)?.expr
    const [a, b] = [exprIn(before), exprIn(after)]
    return a === b ? [] : [{ refId, before: a, after: b }]
  })
}

/** Queries whose text is the same but that differ in legend, format or step. */
function hasOtherSettings(before: Panel, after: Panel): boolean {
  return before.targets.some((target) => {
    const other = after.targets.find(({ refId }) => refId === target.refId)
    return other !== undefined && !same({ ...target, expr: '' }, { ...other, expr: '' })
  })
}

function panelChange(before: Panel, after: Panel): BoardChange | undefined {
  const queries = queryChanges(before, after)
  const properties = [
    ...differing(before.raw, after.raw, ['targets', 'id', 'pluginVersion', 'panels']).map(inWords),
    ...(hasOtherSettings(before, after) ? ['settings of queries'] : []),
  ]
  if (queries.length === 0 && properties.length === 0) return undefined
  return { kind: 'changed', what: titleOf(after), queries, properties }
}

function panelChanges(before: Board, after: Board): readonly BoardChange[] {
  const old = panelsOf(before)
  const left = [...old]
  const changes = panelsOf(after).flatMap((panel): readonly BoardChange[] => {
    // By id; where an id was given anew, by title.
    const at = left.findIndex(({ id }) => id === panel.id)
    const found =
      at === -1 ? left.findIndex(({ title, type }) => title === panel.title && type === panel.type) : at
    const [match] = found === -1 ? [] : left.splice(found, 1)
    if (match === undefined)
      return [
        { kind: 'added', what: titleOf(panel), queries: queryChanges(undefined, panel), properties: [] },
      ]
    const change = panelChange(match, panel)
    return change === undefined ? [] : [change]
  })
  const removed = left.map(
    (panel): BoardChange => ({
      kind: 'removed',
      what: titleOf(panel),
      queries: queryChanges(panel, undefined),
      properties: [],
    }),
  )
  return [...changes, ...removed]
}

function variableChanges(before: Board, after: Board): readonly BoardChange[] {
  const names = new Set([...before.variables, ...after.variables].map(({ name }) => name))
  return [...names].flatMap((name): readonly BoardChange[] => {
    const find = ({ variables }: Board) => variables.find((variable) => variable.name === name)
    const [a, b] = [find(before), find(after)]
    if (same(a, b)) return []
    const kind = a === undefined ? 'added' : b === undefined ? 'removed' : 'changed'
    const queries = a?.query === b?.query ? [] : [{ refId: name, before: a?.query, after: b?.query }]
    const properties =
      a === undefined || b === undefined ? [] : differing({ ...a }, { ...b }, ['query', 'name'])
    return [{ kind, what: `variable $${name}`, queries, properties }]
  })
}

/** What somebody who looks at the dashboard would notice between two versions; nothing for what only Grafana keeps. */
export function diffBoards(before: Board, after: Board): readonly BoardChange[] {
  const own = differing(before.raw, after.raw, [
    'panels',
    'rows',
    'templating',
    'id',
    'version',
    'iteration',
    'uid',
    'annotations',
  ])
  const annotations = same(before.annotations, after.annotations) ? [] : ['annotations']
  const properties = [...own.map(inWords), ...annotations]
  const board: readonly BoardChange[] =
    properties.length === 0
      ? []
      : [{ kind: 'changed', what: 'the dashboard itself', queries: [], properties }]
  return [...board, ...variableChanges(before, after), ...panelChanges(before, after)]
}

/** Whether any query or variable differs: then an approval ends when the one takes the place of the other. */
export function changesQueries(changes: readonly BoardChange[]): boolean {
  return changes.some(({ queries, what }) => queries.length > 0 || what.startsWith('variable'))
}
