import type { Matcher } from '@gatehouse/promql'
import type { Action } from './permissions.gen.ts'

/** A tenant's org with all access settings at one version: pure data, the whole input of every decision. */
export interface OrgPolicy {
  readonly orgUid: string
  readonly name: string
  /** The platform org manages other orgs and their data sources; it owns no tenants. */
  readonly isPlatform: boolean
  /** Changes with every change of what is below. */
  readonly version: string
  /** Values of the tenant label that the org owns. */
  readonly tenants: readonly string[]
  readonly teams: readonly Team[]
  readonly members: readonly Member[]
  readonly serviceAccounts: readonly ServiceAccount[]
  readonly folders: readonly Folder[]
  readonly dataSources: readonly PolicyDataSource[]
  /** Shipped roles and the org's custom ones. */
  readonly roles: readonly Role[]
  readonly grants: readonly Grant[]
  readonly guardrails: readonly Guardrail[]
}

export interface Team {
  readonly uid: string
  readonly name: string
  /** IdP groups whose members are in this team. */
  readonly idpGroups: readonly string[]
}

/** A user of the org with the teams they have now and where each came from. */
/** Somebody's place in a team. */
export interface TeamMembership {
  readonly uid: string
  readonly source: 'sso' | 'manual'
  /** Which of the team's IdP groups gave it; absent if a hand did, or if that was not kept. */
  readonly groups?: readonly string[]
}

export interface Member {
  readonly uid: string
  readonly name: string
  readonly isDisabled: boolean
  readonly teams: readonly TeamMembership[]
  /** An identity provider pushes their groups: which teams these give is known without a sign-in. */
  readonly isProvisioned?: true
}

export interface ServiceAccount {
  readonly uid: string
  readonly name: string
  readonly teamUid: string | undefined
  readonly isDisabled: boolean
}

export interface Folder {
  readonly uid: string
  readonly title: string
  readonly parentUid: string | undefined
}

/** What a decision needs to know of a data source. */
export interface PolicyDataSource {
  readonly uid: string
  readonly name: string
  /** Label whose values are tenants. */
  readonly tenantLabel: string
}

/** Which resources a permission reaches, inside the grant's place: `*`, `folders:*`, `folders:uid:x`. */
export type ResourceScope = string

export interface Permission {
  readonly action: Action
  readonly scope: ResourceScope
}

/** A named, versioned set of permissions. */
export interface Role {
  readonly name: string
  readonly version: number
  readonly description: string
  readonly permissions: readonly Permission[]
}

export interface Subject {
  readonly kind: 'user' | 'team' | 'service-account'
  readonly uid: string
}

/** Where a grant holds: the whole org, a folder with all below it, one data source or dashboard, or a team and its service accounts. */
export type Where =
  | { readonly kind: 'org' }
  | { readonly kind: 'folder' | 'data-source' | 'dashboard' | 'team'; readonly uid: string }

/** Subject + role + where, with optional label constraints and period. */
export interface Grant {
  readonly uid: string
  readonly subject: Subject
  readonly role: string
  readonly where: Where
  /** Conjunctions, any of which admits a series; none means no restriction beyond the tenants. */
  readonly constraints: readonly (readonly Matcher[])[]
  /** ms since the epoch, inclusive. */
  readonly notBefore: number | undefined
  /** ms since the epoch, exclusive. */
  readonly expiresAt: number | undefined
  readonly reason: string
}

/** Series that match all of `selector` are shown to nobody of the org, whatever the grants say. */
export interface Guardrail {
  readonly uid: string
  readonly selector: readonly Matcher[]
  readonly reason: string
}
