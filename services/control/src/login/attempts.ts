/** One sign-in under way: begun in one tab, finished by one callback. */
export interface LoginAttempt {
  /** Hash of the browser's pre-login secret; the callback must come from the same browser. */
  readonly browserHash: string
  /** Name of the identity provider. */
  readonly issuerName: string
  readonly nonce: string
  readonly codeVerifier: string
  readonly returnTo: string
}

/** Where sign-ins under way are kept. */
export interface LoginAttempts {
  /** Keeps an attempt under the hash of its `state` for `lifetimeMs`. */
  keep(stateHash: string, attempt: LoginAttempt, lifetimeMs: number): Promise<void>
  /** Takes an attempt out; the second caller of one state gets nothing, also at the same moment. */
  take(stateHash: string): Promise<LoginAttempt | undefined>
}

/** A sign-in not finished by then must be begun again. */
export const attemptLifetimeMs = 600_000
