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

/** A moment in ms: fixed, `at` since the epoch, or `age` before now. */
export type Moment = { readonly at: number } | { readonly age: number }

/** Which samples a shard holds, when not all: every one since `from`, every one up to `until`. It may hold others, too. */
export interface HeldSamples {
  readonly from?: Moment | undefined
  readonly until?: Moment | undefined
}

/**
 * What a shard holds. Two shards of one data source hold different series (other tenants, or matchers that exclude each other), or the
 * same series at different times, which must then overlap.
 */
export interface ShardSlice {
  /** Values of the tenant label whose series live here. */
  readonly tenants: readonly string[]
  /** What else holds for every series here: an external or functional label, a pattern of metric names. */
  readonly matchers?: Conjunction | undefined
  /** All times unless given. */
  readonly samples?: HeldSamples | undefined
}

/** Kinds of server that a data source's shards can be, besides Prometheus: each is told in its own way who may see what. */
export type NativeBackend = 'mimir' | 'victoriametrics' | 'thanos'

export interface Shard {
  readonly name: string
  readonly slice: ShardSlice
  readonly replicas: readonly Replica[]
  /** Undefined for a Prometheus, and whatever is asked as one. */
  readonly backend?: NativeBackend | undefined
}

/** Name under which a data source's global engine is asked, beside the shards' names. */
export const engineName = 'engine'

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
  /** A server that answers for all shards at once, as a shard named {@link engineName}; its slice says nothing. */
  readonly engine?: Shard | undefined
  /** Step of sub-queries that name none, ms; undefined if it is the shards' own. */
  readonly evaluationInterval?: number | undefined
  /** Whether callers who ask for it get an answer when shards are missing. */
  readonly allowsPartial?: boolean | undefined
  /** Uids of the data sources that it stands for, if it is none by itself. */
  readonly unites?: readonly string[] | undefined
}

/** Uids of all data sources whose settings hold for this one: its own, or of those it unites. */
export function unitedBy({ uid, unites = [uid] }: Pick<DataSource, 'uid' | 'unites'>): readonly string[] {
  return unites
}

declare const enforced: unique symbol

/** An expression every selector of which carries the caller's constraints. Only `enforce` makes one. */
export type EnforcedExpr = Expr & { readonly [enforced]: true }
