import type { Me } from '../../api/me.ts'
import type { StoredDashboard } from './api.ts'
import type { Asking, SourceChoice } from './context.ts'

/** The data sources a dashboard may be shown with: mine, and those its approver stands for. */
export function sourcesFor(me: Me, { approval }: Pick<StoredDashboard, 'approval'>): readonly SourceChoice[] {
  const mine = me.dataSources.map(({ uid, name }) => ({ uid, name }))
  const approved = (approval?.dataSources ?? []).filter((uid) => mine.every((one) => one.uid !== uid))
  const all = mine.length > 1 ? [{ uid: 'all', name: 'All my data sources' }] : []
  return [...all, ...mine, ...approved.map((uid) => ({ uid, name: uid }))]
}

/** How a signed-in person's dashboard asks: of one data source its own, of several all of them. */
export function askingOf(me: Me, dashboard: Pick<StoredDashboard, 'uid' | 'approval'>): Asking {
  const sources = sourcesFor(me, dashboard)
  return {
    org: me.org.uid,
    token: undefined,
    dashboardUid: dashboard.uid,
    sources,
    defaultSource: sources[0]?.uid ?? 'all',
    ownSources: new Set([
      ...me.dataSources.map(({ uid }) => uid),
      ...(me.dataSources.length > 0 ? ['all'] : []),
    ]),
  }
}
