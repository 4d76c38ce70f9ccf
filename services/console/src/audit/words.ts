import type { Item } from './model.ts'

/** Who did it: a name, or the pseudonym where the identity was erased. */
export function whoText({ identity, event: { actor } }: Pick<Item, 'identity' | 'event'>): string {
  if (identity !== null) return identity.name
  if (actor === null) return 'nobody signed in'
  if (actor.kind === 'system') return 'Gatehouse itself'
  return `${actor.kind.replace('-', ' ')} ${actor.ref}`
}

/** What it was done to. */
export function targetText({ event: { resource, plan, request } }: Pick<Item, 'event'>): string {
  if (resource !== null && resource !== undefined)
    return `${resource.kind.replaceAll('-', ' ')} ${resource.uid}`
  return plan?.dataSource ?? request?.route ?? ''
}

export const resultKinds = { allowed: 'good', denied: 'danger', failed: 'caution' } as const

/** `1.2 ms`, `3.4 s`. */
export function durationText(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return '–'
  return ms < 1_000 ? `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`
}

/** `4 s`, `3 min`, `2 h`: how far something lags. */
export function lagText(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)} s`
  return seconds < 3_600 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`
}

const units = ['bytes', 'kB', 'MB', 'GB', 'TB']

/** `12 kB`. */
export function bytesText(bytes: number): string {
  const power = bytes < 1_000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3))
  const value = bytes / 1_000 ** power
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`
}

/** Hidden label values in the texts of an event, `h_` and 32 hex digits, once each. */
export function hiddenValues({ event }: Pick<Item, 'event'>): readonly string[] {
  const text = JSON.stringify([event.request, event.enforced, event.constraints])
  return [...new Set(text.match(/h_[0-9a-f]{32}/g) ?? [])]
}
