import { useCallback, useSyncExternalStore } from 'react'

const listeners = new Set<() => void>()
/** Asked before leaving; false keeps the person where they are. */
const guards = new Set<() => boolean>()

function tell(): void {
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  window.addEventListener('popstate', listener)
  return () => {
    listeners.delete(listener)
    window.removeEventListener('popstate', listener)
  }
}

/** Where to go, as a path with its query. `replace` leaves no trace to go back to. */
export function navigate(to: string, { replace = false }: { readonly replace?: boolean } = {}): void {
  const isElsewhere = new URL(to, location.href).pathname !== location.pathname
  if (isElsewhere && ![...guards].every((guard) => guard())) return
  if (replace) history.replaceState(null, '', to)
  else history.pushState(null, '', to)
  tell()
}

/** Registers a question to ask before leaving a page with unsaved text. Returns how to take it back. */
export function guardLeaving(guard: () => boolean): () => void {
  const onUnload = (event: BeforeUnloadEvent): void => event.preventDefault()
  guards.add(guard)
  window.addEventListener('beforeunload', onUnload)
  return () => {
    guards.delete(guard)
    window.removeEventListener('beforeunload', onUnload)
  }
}

export function usePath(): string {
  return useSyncExternalStore(subscribe, () => location.pathname)
}

export function useSearch(): URLSearchParams {
  return new URLSearchParams(useSyncExternalStore(subscribe, () => location.search))
}

/** Changes to make to the query of the address: undefined or empty takes a parameter away, an array gives it several times. */
export type SearchChange = Readonly<Record<string, string | readonly string[] | undefined>>

/** The address with another query, the rest as it is. */
export function withSearch(search: string, change: SearchChange): string {
  const params = new URLSearchParams(search)
  for (const [name, value] of Object.entries(change)) {
    params.delete(name)
    if (value === undefined || value === '') continue
    for (const one of typeof value === 'string' ? [value] : value) params.append(name, one)
  }
  const text = params.toString()
  return text === '' ? '' : `?${text}`
}

/**
 * State of a screen that lives in the address, so that a link shows what I see. Typing replaces the entry; a decision (a tab, a query
 * run) should push one, to be able to go back.
 */
export function useSearchState(): readonly [
  URLSearchParams,
  (change: SearchChange, options?: { readonly replace?: boolean }) => void,
] {
  const search = useSearch()
  const change = useCallback((wanted: SearchChange, options: { readonly replace?: boolean } = {}) => {
    const next = location.pathname + withSearch(location.search, wanted)
    if (next !== location.pathname + location.search) navigate(next, options)
  }, [])
  return [search, change]
}
