import { useCallback, useEffect, useState } from 'react'
import { ApiError } from './client.ts'

/** A thing being read: not yet, there, or failed. A failed re-read keeps what was there. */
export type Loaded<T> =
  | { readonly state: 'loading' }
  | { readonly state: 'ready'; readonly value: T }
  | { readonly state: 'failed'; readonly error: ApiError }

/** Reads something when shown, and again on `reload`. `read` must be stable (module-level or memoised). */
export function useResource<T>(read: (signal: AbortSignal) => Promise<T>): readonly [Loaded<T>, () => void] {
  const [loaded, setLoaded] = useState<Loaded<T>>({ state: 'loading' })
  const [attempt, setAttempt] = useState(0)
  useEffect(() => {
    const controller = new AbortController()
    read(controller.signal).then(
      (value) => {
        if (!controller.signal.aborted) setLoaded({ state: 'ready', value })
      },
      (error: unknown) => {
        if (controller.signal.aborted) return
        setLoaded({
          state: 'failed',
          error: error instanceof ApiError ? error : new ApiError(0, String(error)),
        })
      },
    )
    return () => controller.abort()
  }, [read, attempt])
  return [loaded, useCallback(() => setAttempt((n) => n + 1), [])]
}
