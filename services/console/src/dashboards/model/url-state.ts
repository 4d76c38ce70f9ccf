import type { RangeText } from '../../parts/time-range.ts'

/** What of a dashboard stands in its address, as Grafana writes it. */
export interface BoardAddress {
  /** Undefined for the dashboard's own. */
  readonly range: RangeText | undefined
  /** A duration; empty for none; undefined for the dashboard's own. */
  readonly refresh: string | undefined
  /** Wanted values by variable. */
  readonly wanted: ReadonlyMap<string, readonly string[]>
  /** The panel that is shown alone. */
  readonly viewPanel: string | undefined
}

/** Reads `from`, `to`, `refresh`, `viewPanel` and `var-…` of a query string. */
export function readAddress(search: string): BoardAddress {
  const parameters = new URLSearchParams(search)
  const wanted = new Map<string, readonly string[]>()
  for (const key of new Set(parameters.keys()))
    if (key.startsWith('var-')) wanted.set(key.slice(4), parameters.getAll(key))
  const [from, to] = [parameters.get('from'), parameters.get('to')]
  return {
    range: from === null && to === null ? undefined : { from: from ?? 'now-6h', to: to ?? 'now' },
    refresh: parameters.get('refresh') ?? undefined,
    wanted,
    viewPanel: parameters.get('viewPanel') ?? undefined,
  }
}
