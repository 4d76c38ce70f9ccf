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

/** Hidden label values in the texts of an event, `h_` and 32 hex digits, once each. */
export function hiddenValues({ event }: Pick<Item, 'event'>): readonly string[] {
  const text = JSON.stringify([event.request, event.enforced, event.constraints])
  return [...new Set(text.match(/h_[0-9a-f]{32}/g) ?? [])]
}
