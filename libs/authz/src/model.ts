import type { Matcher } from '@gatehouse/promql'

/** Who makes this request, as authenticated: a user or a service account, in exactly one org. */
export interface Principal {
  readonly kind: 'user' | 'service-account'
  readonly uid: string
  readonly orgUid: string
  /** Display name; never used for decisions. */
  readonly name: string
  /** Team uids of this principal in `orgUid` at this moment. */
  readonly teams: readonly string[]
  /** OIDC identity of a user. */
  readonly identity: { readonly issuer: string; readonly subject: string } | undefined
  /** What proved it. `id` is safe to log: a session, token or `jti`/hash id, never the secret. */
  readonly credential: { readonly kind: 'session' | 'bearer' | 'token'; readonly id: string }
}

/** Conjunctions of label matchers, any of which admits a series (DNF). An empty list admits nothing. */
export interface Constraints {
  readonly alternatives: readonly (readonly Matcher[])[]
}

/** Every kind of thing that permissions are about. */
export const resourceKinds = [
  'org',
  'team',
  'folder',
  'dashboard',
  'data-source',
  'service-account',
  'role',
  'grant',
  'audit-log',
] as const

export type ResourceKind = (typeof resourceKinds)[number]

/**
 * A thing acted on, loaded from the store; decisions never take a type or a request's parameters.
 * An org and its audit log have the org's own uid. The platform org also sees those of others:
 * `{ kind: 'org', uid: 'health', orgUid: 'platform' }`.
 */
export interface Resource {
  readonly kind: ResourceKind
  readonly uid: string
  readonly orgUid: string
  /** Folder that holds a dashboard, or a folder's parent; absent at the top level. */
  readonly folderUid?: string | undefined
  /** Team that owns a service account. */
  readonly teamUid?: string | undefined
}

/** One link of the reason: which claim, team, grant, role and permission led to the decision. */
export interface Because {
  readonly grantUid: string
  readonly role: string
  readonly via: string
  readonly permission: string
}

/** An allow that many grants support is explained in an audit event by the first of them: events stay small. */
export const maxRecordedReasons = 32

/** Allow or deny, with its reasons. Alternatives of `constraints` are empty unless the action reads series. */
export type Decision =
  | {
      readonly allowed: true
      readonly because: readonly Because[]
      readonly constraints: Constraints
      readonly policyVersion: string
    }
  | { readonly allowed: false; readonly reason: string; readonly policyVersion: string }
