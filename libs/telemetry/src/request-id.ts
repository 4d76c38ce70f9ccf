import { randomUUID } from 'node:crypto'

/** A fresh request id (UUID v4). */
export function newRequestId(): string {
  return randomUUID()
}

/** The caller's `X-Request-Id` if it is short and plain, else a fresh one. Hints only; never trusted as unique. */
export function requestIdFrom(header: string | string[] | undefined): string {
  if (typeof header === 'string' && /^[A-Za-z0-9._-]{8,64}$/.test(header)) return header
  return newRequestId()
}
