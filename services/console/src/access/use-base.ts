import { useState } from 'react'
import type { Read } from '../api/use-api.ts'

interface Version<T> {
  readonly value: T
  readonly etag: string | undefined
}

/** What a change is based on, and what is there by now if that is something else. */
export interface Base<T> {
  /** What the form began with; its `etag` goes into `If-Match`. */
  readonly base: Version<T>
  /** Set once somebody else's change is known. */
  readonly theirs: T | undefined
  /** Goes on from what is there by now. */
  readonly rebase: () => void
}

/**
 * Keeps the version that a form began with, though what was read may be read again: a save is never based on a version that nobody
 * looked at. Undefined until it is read.
 */
export function useBase<T>({ value, etag }: Read<T>): Base<T> | undefined {
  const [base, setBase] = useState<Version<T>>()
  if (value === undefined) return undefined
  const newest = { value, etag }
  if (base === undefined) setBase(newest)
  const known = base ?? newest
  return {
    base: known,
    theirs: known.etag === etag ? undefined : value,
    rebase: () => setBase(newest),
  }
}
