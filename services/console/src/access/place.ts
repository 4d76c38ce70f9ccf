import type { Where } from './model.ts'

/** A place as the value of a choice, `data-source:metrics`. */
export function placeText({ kind, uid }: Where): string {
  return kind === 'org' ? 'org' : `${kind}:${uid ?? ''}`
}

/** The place that a text names as `data-source:metrics`, if it is of one of these kinds; undefined for anything else. */
export function placeOf<K extends string>(
  text: string | null,
  kinds: readonly K[],
): { readonly kind: K; readonly uid: string } | undefined {
  const [, written, uid] = /^([a-z-]+):([A-Za-z0-9][A-Za-z0-9_-]{0,62})$/.exec(text ?? '') ?? []
  const kind = kinds.find((known) => known === written)
  return kind === undefined || uid === undefined ? undefined : { kind, uid }
}

/** What {@link placeText} wrote; the org for anything else. */
export function placeFrom(text: string): Where {
  return placeOf(text, ['folder', 'data-source', 'dashboard', 'team']) ?? { kind: 'org' }
}
