/** Somebody who can sign in at the demo identity provider. */
export interface Person {
  /** Sign-in name; also the subject of tokens. */
  readonly signIn: string
  readonly name: string
  readonly email: string
  readonly password: string
  readonly groups: readonly string[]
}

/** A client that may use the identity provider. */
export interface IdpClient {
  readonly clientId: string
  readonly clientSecret: string
  /** Browser sign-in (authorization code) for these; none for a machine client. */
  readonly redirectUris?: readonly string[]
  readonly postLogoutRedirectUris?: readonly string[]
  /** Groups in the tokens that a machine client gets for itself (client credentials). */
  readonly groups?: readonly string[]
}
