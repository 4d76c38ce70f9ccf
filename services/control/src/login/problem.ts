import { type ErrorCode, GatehouseError, isGatehouseError } from '@gatehouse/errors'
import * as client from 'openid-client'

/**
 * Why a sign-in ended without a session; the sign-in page has a sentence for each. Nothing that an identity provider wrote gets
 * to the page.
 */
export type SignInProblem =
  /** The attempt is unknown, used, too old or another browser's. */
  | 'expired'
  /** The person or the identity provider said no. */
  | 'refused'
  /** The identity provider cannot be reached. */
  | 'unavailable'
  /** Its answer failed a check. */
  | 'invalid'
  /** Known person, but no group of theirs belongs to an org. */
  | 'no-org'
  | 'disabled'
  | 'failed'

/** A sign-in that failed, with the reason for the page and one for the log. */
export class SignInError extends Error {
  readonly problem: SignInProblem

  constructor(problem: SignInProblem, detail: string, cause?: unknown) {
    super(detail, { cause })
    this.name = 'SignInError'
    this.problem = problem
  }
}

/** Error code under which a problem is audited. */
export const problemCode: Readonly<Record<SignInProblem, ErrorCode>> = {
  expired: 'bad_data',
  refused: 'forbidden',
  unavailable: 'unavailable',
  invalid: 'unauthenticated',
  'no-org': 'forbidden',
  disabled: 'forbidden',
  failed: 'internal',
}

function innermost(error: unknown): unknown {
  let inner = error
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause
  return inner
}

/** Any failure of a sign-in as a {@link SignInError}. */
export function toSignInError(error: unknown): SignInError {
  if (error instanceof SignInError) return error
  const inner = innermost(error)
  const cause = [error, inner].find(isGatehouseError)
  if (cause instanceof GatehouseError) {
    const problem =
      cause.code === 'unavailable' ? 'unavailable' : cause.code === 'unauthenticated' ? 'invalid' : 'failed'
    return new SignInError(problem, `${cause.message}: ${cause.detail ?? ''}`, error)
  }
  if (error instanceof client.AuthorizationResponseError)
    return new SignInError('refused', `the identity provider answered ${error.error}`, error)
  if (error instanceof client.ResponseBodyError || error instanceof client.ClientError)
    return new SignInError('invalid', `${error.message}: ${String(inner)}`, error)
  return new SignInError('failed', error instanceof Error ? error.message : String(error), error)
}
