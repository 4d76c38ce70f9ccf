import type { IncomingHttpHeaders } from 'node:http'

/** What Grafana says about where a query comes from. Anybody can send them: for the audit log only. */
const hintHeaders: readonly (readonly [header: string, hint: string])[] = [
  ['x-dashboard-uid', 'dashboardUid'],
  ['x-panel-id', 'panelId'],
  ['x-datasource-uid', 'datasourceUid'],
  ['x-query-group-id', 'queryGroupId'],
  ['x-rule-uid', 'ruleUid'],
  ['x-rule-name', 'ruleName'],
  ['x-rule-folder', 'ruleFolder'],
  ['fromalert', 'fromAlert'],
]

/** The hints of a request, undefined if there are none. */
export function readHints(headers: IncomingHttpHeaders): Record<string, string> | undefined {
  let hints: Record<string, string> | undefined
  for (const [header, hint] of hintHeaders) {
    const value = headers[header]
    if (typeof value !== 'string') continue
    hints ??= {}
    hints[hint] = value
  }
  return hints
}
