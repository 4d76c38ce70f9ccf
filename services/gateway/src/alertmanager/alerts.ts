import type { Labelled } from '@gatehouse/query'
import { listIn, member, textIn, textsIn } from '../filter/json.ts'

/** What admits an alert, and which silences are the caller's own. */
export interface AlertScope {
  readonly admits: (labels: Labelled) => boolean
  readonly ownSilences: ReadonlySet<string>
}

function textsOf(value: unknown, name: string): readonly string[] {
  return listIn(value, name).filter((item) => typeof item === 'string')
}

/** The alert with the fields of Alertmanager's API; without what names silences or addresses of others. Undefined if not admitted. */
function shownAlert(alert: unknown, { admits, ownSilences }: AlertScope): object | undefined {
  const labels = textsIn(alert, 'labels')
  if (labels === undefined || !admits(labels)) return undefined
  const status = member(alert, 'status')
  return {
    annotations: textsIn(alert, 'annotations') ?? {},
    endsAt: textIn(alert, 'endsAt'),
    fingerprint: textIn(alert, 'fingerprint'),
    receivers: listIn(alert, 'receivers').map((receiver) => ({ name: textIn(receiver, 'name') })),
    startsAt: textIn(alert, 'startsAt'),
    status: {
      inhibitedBy: [],
      mutedBy: [],
      silencedBy: textsOf(status, 'silencedBy').filter((id) => ownSilences.has(id)),
      state: textIn(status, 'state'),
    },
    updatedAt: textIn(alert, 'updatedAt'),
    generatorURL: '',
    labels,
  }
}

/** The alerts of a list that are admitted. */
export function shownAlerts(alerts: unknown, scope: AlertScope): readonly object[] {
  const list: readonly unknown[] = Array.isArray(alerts) ? alerts : []
  return list.map((alert) => shownAlert(alert, scope)).filter((alert) => alert !== undefined)
}

/** Groups of alerts with those that are admitted; without the groups that have none. */
export function shownGroups(groups: unknown, scope: AlertScope): readonly object[] {
  const list: readonly unknown[] = Array.isArray(groups) ? groups : []
  return list.flatMap((group) => {
    const alerts = shownAlerts(listIn(group, 'alerts'), scope)
    if (alerts.length === 0) return []
    return [
      {
        alerts,
        labels: textsIn(group, 'labels') ?? {},
        receiver: { name: textIn(member(group, 'receiver'), 'name') },
      },
    ]
  })
}

/** The names of the receivers that a caller's alerts go to. */
export function shownReceivers(alerts: unknown, { admits }: AlertScope): readonly object[] {
  const list: readonly unknown[] = Array.isArray(alerts) ? alerts : []
  const own = list.filter((alert) => {
    const labels = textsIn(alert, 'labels')
    return labels !== undefined && admits(labels)
  })
  const names = own.flatMap((alert) => listIn(alert, 'receivers').map((receiver) => textIn(receiver, 'name')))
  return [...new Set(names)].toSorted().map((name) => ({ name }))
}
