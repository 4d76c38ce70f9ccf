import type { Matcher } from '@gatehouse/promql'
import type { Subject } from '../policy.ts'
import { type Capability, compileCapability } from './capability.ts'
import type { Dashboard } from './dashboard.ts'

/** What lets viewers of a dashboard read series: somebody who may query these data sources stands for its queries. */
export interface Approval {
  /** In whose name the queries run; what they may read bounds what viewers read. */
  readonly by: Subject
  /** Uids of data sources. */
  readonly dataSources: readonly string[]
  /** Further conjunctions, any of which admits a series; none means no restriction beyond what `by` may read. */
  readonly constraints: readonly (readonly Matcher[])[]
}

/** A dashboard whose queries somebody stands for, as decisions need it. */
export interface ApprovedDashboard {
  readonly uid: string
  readonly folderUid: string | undefined
  readonly version: number
  readonly approval: Approval
  readonly content: Dashboard
}

/** Whether two states of a dashboard run the same queries, so that an approval of one holds for the other. */
export function runsSameQueries(a: Dashboard, b: Dashboard): boolean {
  const essence = ({ variables, queries }: Dashboard): string =>
    JSON.stringify([
      variables,
      queries.map(({ kind, text, exemplars }) => JSON.stringify([kind, text, exemplars])).toSorted(),
    ])
  return essence(a) === essence(b)
}

const maxCompiled = 2_000

/** Compiles dashboards, each content once. */
export type CapabilityOf = (dashboard: ApprovedDashboard) => Capability

/** Creates the memory of compiled capabilities of one process, at most 2,000; the oldest go first. */
export function createCapabilities(): CapabilityOf {
  const byObject = new WeakMap<ApprovedDashboard, Capability>()
  // Snapshots are read anew with every change of policy. A uid may come back with other queries, so the content is the key.
  const byContent = new Map<string, Capability>()
  return (dashboard) => {
    const seen = byObject.get(dashboard)
    if (seen !== undefined) return seen
    const key = JSON.stringify(dashboard.content)
    const capability = byContent.get(key) ?? compileCapability(dashboard.content)
    const [oldest] = byContent.size >= maxCompiled ? byContent.keys() : []
    if (oldest !== undefined) byContent.delete(oldest)
    byContent.set(key, capability)
    byObject.set(dashboard, capability)
    return capability
  }
}
