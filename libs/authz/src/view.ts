import { printMatcher } from '@gatehouse/promql'
import { authorize, likenessOf } from './authorize.ts'
import { type ApprovedDashboard, createCapabilities } from './capability/approved.ts'
import { type DashboardPath, dashboardReach } from './capability/dashboard-paths.ts'
import type { Constraints, Principal } from './model.ts'
import { isCovered, isWithin } from './overlap.ts'
import { isAction, readsSeries } from './permissions.ts'
import { type Action, permissionTable } from './permissions.gen.ts'
import type { OrgPolicy } from './policy.ts'

/** An org's access settings, with the dashboards whose viewers may run their queries. */
export interface AccessState {
  readonly policy: OrgPolicy
  readonly dashboards: readonly ApprovedDashboard[]
}

/** The actions that show series of a data source, queries first. */
export const dataActions: readonly Action[] = Object.keys(permissionTable)
  .filter(isAction)
  .filter(readsSeries)
  .toSorted((a, b) => Number(b === 'datasources:query') - Number(a === 'datasources:query'))

/** The series of a data source that somebody may read. */
export interface View extends Constraints {
  /** Uids of the dashboards whose queries alone give them; empty where grants do. */
  readonly through: readonly string[]
}

/** What happens to somebody's view of a data source. `changed` is neither plainly wider nor plainly narrower. */
export type SeriesChange = 'gained' | 'lost' | 'widened' | 'narrowed' | 'changed'

/** No series. */
export const noView: View = { alternatives: [], through: [] }

/** What somebody may read of a data source, by its uid, with one of {@link dataActions}. */
export type ViewOf = (principal: Principal, dataSource: string, action: Action) => View

const capabilityOf = createCapabilities()

function throughPaths(paths: readonly DashboardPath[]): View {
  const all = paths.flatMap(({ constraints }) => constraints.alternatives)
  const alternatives = [
    ...new Map(all.map((matchers) => [matchers.map(printMatcher).join(), matchers])).values(),
  ]
  return { alternatives, through: paths.map(({ dashboard }) => dashboard.uid) }
}

/**
 * What people may read at a moment: by grants, else, with queries, by those of dashboards.
 * @param now ms since the epoch.
 */
export function createViews({ policy, dashboards }: AccessState, now: number): ViewOf {
  const known = new Map<string, Map<string, View>>()
  const reaches = new Map<string, ReturnType<typeof dashboardReach>>()
  const work = (principal: Principal, dataSource: string, action: Action): View => {
    const resource = { kind: 'data-source', uid: dataSource, orgUid: policy.orgUid } as const
    const question = { action, resource, now } as const
    const decision = authorize(policy, { ...question, principal })
    if (decision.allowed) return { alternatives: decision.constraints.alternatives, through: [] }
    if (action !== 'datasources:query') return noView
    const reach = reaches.get(dataSource) ?? dashboardReach(policy, question, { dashboards, capabilityOf })
    reaches.set(dataSource, reach)
    return throughPaths(reach(principal))
  }
  return (principal, dataSource, action) => {
    const place = `${action} ${dataSource}`
    const own = known.get(place) ?? new Map<string, View>()
    known.set(place, own)
    const like = likenessOf(policy, principal)
    const view = own.get(like) ?? work(principal, dataSource, action)
    own.set(like, view)
    return view
  }
}

type Alternatives = Constraints['alternatives']

function isInside(inner: Alternatives, outer: Alternatives): boolean {
  return inner.every(
    (part) => outer.some((whole) => isWithin(part, whole) === true) || isCovered(part, outer),
  )
}

/** A view, or just what grants give. */
type Seen = Constraints & Partial<View>

/** How a view of series changes; undefined if it does not. Any query of them is more than the queries of dashboards. */
export function changeOf(before: Seen, after: Seen): SeriesChange | undefined {
  const [old, fresh] = [before.alternatives, after.alternatives]
  const [wasBoards, isBoards] = [before, after].map(({ through }) => (through ?? []).length > 0)
  if (wasBoards === isBoards && JSON.stringify(old) === JSON.stringify(fresh)) return undefined
  if (old.length === 0) return 'gained'
  if (fresh.length === 0) return 'lost'
  const isWider = isBoards !== true || wasBoards === true ? isInside(old, fresh) : false
  const isNarrower = wasBoards !== true || isBoards === true ? isInside(fresh, old) : false
  if (isWider && isNarrower) return undefined
  if (isWider) return 'widened'
  return isNarrower ? 'narrowed' : 'changed'
}

/** {@link changeOf}, worked out once for every pair of views. */
export function rememberChanges(): typeof changeOf {
  type Known = WeakMap<Seen, { readonly change: SeriesChange | undefined }>
  const known = new WeakMap<Seen, Known>()
  return (before, after) => {
    const own: Known = known.get(before) ?? new WeakMap()
    known.set(before, own)
    const found = own.get(after) ?? { change: changeOf(before, after) }
    own.set(after, found)
    return found.change
  }
}
