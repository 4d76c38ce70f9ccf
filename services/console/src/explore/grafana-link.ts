import type { ExploreState } from './address.ts'

/**
 * Grafana's Explore with the same query and range; undefined if no Grafana is configured. Its data source is the one that our
 * provisioning example makes, `gw-me`, which asks as the person.
 */
export function grafanaLink(base: string | null, { expr, range }: ExploreState): string | undefined {
  if (base === null) return undefined
  const pane = {
    datasource: 'gw-me',
    queries: [{ refId: 'A', expr, datasource: { type: 'prometheus', uid: 'gw-me' } }],
    range: { from: range.from, to: range.to },
  }
  const query = new URLSearchParams({ schemaVersion: '1', panes: JSON.stringify({ gh: pane }) })
  return `${base.replace(/\/$/, '')}/explore?${query.toString()}`
}
