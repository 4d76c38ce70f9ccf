import type { ErrorCode } from '@gatehouse/errors'
import type { AuditEvent } from './event.ts'

/** Codes that say who asks is not entitled; the others say that it did not work. */
const denials: ReadonlySet<ErrorCode> = new Set([
  'unauthenticated',
  'forbidden',
  'not_found',
  'method_not_allowed',
  'too_many_requests',
])

/** Whether an error says that who asks is not entitled. */
export function isDenial(code: ErrorCode): boolean {
  return denials.has(code)
}

/** What became of a request that ended with this error, or with none. */
export function resultOf(code: ErrorCode | undefined): AuditEvent['outcome']['result'] {
  if (code === undefined) return 'allowed'
  return isDenial(code) ? 'denied' : 'failed'
}
