import type { Expr, Matcher } from '@gatehouse/promql'

/** A conjunction of matchers; every one must hold. */
export type Conjunction = readonly Matcher[]

/** Evaluation times: `start`, `start+step`, … ≤ `end`, all in ms since the epoch. An instant query has start = end and step 0. */
export interface TimeRange {
  readonly start: number
  readonly end: number
  readonly step: number
}

/** An interchangeable copy that serves a shard. */
export interface Replica {
  readonly name: string
  /** Base URL without a trailing slash; `/api/v1/…` is appended. */
  readonly url: string
}

/** The series a shard holds. Shards of one data source are disjoint. */
export interface ShardSlice {
  /** Values of the tenant label whose series live here. */
  readonly tenants: readonly string[]
}

export interface Shard {
  readonly name: string
  readonly slice: ShardSlice
  readonly replicas: readonly Replica[]
}

/** A named, permissioned query target of an org, made of shards. */
export interface DataSource {
  readonly uid: string
  readonly orgUid: string
  readonly name: string
  /** Grows with every change of the data source; part of every cache key. */
  readonly version: number
  /** Label whose values are tenants. */
  readonly tenantLabel: string
  readonly shards: readonly Shard[]
  /** Base URL of the Alertmanager that its rules notify, without a trailing slash. */
  readonly alertmanagerUrl?: string | undefined
  /** Whether callers who ask for it get an answer when shards are missing. */
  readonly allowsPartial?: boolean | undefined
}

declare const enforced: unique symbol

/** An expression every selector of which carries the caller's constraints. Only `enforce` makes one. */
export type EnforcedExpr = Expr & { readonly [enforced]: true }
