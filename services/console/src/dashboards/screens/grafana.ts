import type { Panel } from '../model/panel.ts'

/** The same dashboard in Grafana, with the same time and variables; undefined if no Grafana is configured. */
export function grafanaBoard(
  base: string | null,
  uid: string,
  search: string,
  panel?: Panel,
): string | undefined {
  if (base === null) return undefined
  const parameters = new URLSearchParams(search)
  parameters.delete('org')
  if (panel !== undefined) parameters.set('viewPanel', `panel-${panel.id}`)
  const query = parameters.toString()
  return `${base.replace(/\/$/, '')}/d/${encodeURIComponent(uid)}${query === '' ? '' : `?${query}`}`
}
