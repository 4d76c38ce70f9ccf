import { isInForce, isSubject, type OrgPolicy, type Principal } from '@gatehouse/authz'
import type { Cap, Rate } from '@gatehouse/cache'
import type { LimitsConfig } from '@gatehouse/config'
import { compareBytes, type DataSource, type QueryLimits, strictestLimits, unitedBy } from '@gatehouse/query'

/** A rate and whose it is. */
export interface Bucket {
  readonly key: string
  readonly rate: Rate
}

/** What one caller may use of one data source. */
export interface Bounds {
  /** On one query: the strictest of all that apply. */
  readonly query: QueryLimits
  readonly caps: readonly Cap[]
  /** Turns of the org for each of another one. */
  readonly weight: number
  /** Who takes turns within the org. */
  readonly team: string
  /** Who takes turns within the team. */
  readonly member: string
}

/** Who asks, and what gives them roles. */
export interface Caller {
  readonly principal: Principal
  readonly policy: Pick<OrgPolicy, 'grants'>
  /** ms since the epoch. */
  readonly now: number
}

/** The data source asked. What unites several has the limits of each. */
type Asked = Pick<DataSource, 'uid' | 'unites'>

/** The limits of callers, as configured. */
export interface LimitsOf {
  bounds(caller: Caller, source: Asked): Bounds
  /** Of the org, its teams and the caller; with a data source, only that of the data source. */
  rates(principal: Principal, source?: Asked): readonly Bucket[]
}

type Override = LimitsConfig['overrides'][number]

/** A key whose parts cannot run into each other: uids hold no slash. */
function keyOf(...parts: readonly string[]): string {
  return parts.join('/')
}

function principalKey({ orgUid, kind, uid }: Principal): string {
  return keyOf(kind, orgUid, uid)
}

function teamOf(principal: Principal): string {
  const [first] = [...principal.teams].toSorted(compareBytes)
  return first === undefined ? principalKey(principal) : keyOf('team', first)
}

/** Whose limit an override is. */
function subjectKey({ org, team, role, serviceAccount, dataSource }: Override): string {
  if (role !== undefined) return keyOf('role', org, role)
  if (team !== undefined) return keyOf('team', org, team)
  if (serviceAccount !== undefined) return keyOf('service-account', org, serviceAccount)
  return dataSource === undefined ? keyOf('org', org) : keyOf('data-source', org, dataSource)
}

function isMember({ org, team, serviceAccount }: Override, { orgUid, kind, uid, teams }: Principal): boolean {
  if (org !== orgUid) return false
  if (team !== undefined) return teams.includes(team)
  return serviceAccount === undefined || (kind === 'service-account' && uid === serviceAccount)
}

/** Whether somebody has a role by any grant in force, of their own or of their teams. */
function hasRole({ principal, policy, now }: Caller, role: string): boolean {
  return policy.grants.some(
    (grant) => grant.role === role && isSubject(grant, principal) && isInForce(grant, now),
  )
}

function capsFor(config: LimitsConfig, principal: Principal, source: Asked): Cap[] {
  const { orgUid, teams, kind } = principal
  const cap = (key: string, limit: number | undefined): Cap[] => (limit === undefined ? [] : [{ key, limit }])
  return [
    ...cap(keyOf('org', orgUid), config.slotsPerOrg),
    ...teams.flatMap((team) => cap(keyOf('team', orgUid, team), config.slotsPerTeam)),
    ...(kind === 'service-account' ? cap(principalKey(principal), config.slotsPerServiceAccount) : []),
    ...unitedBy(source).flatMap((uid) => cap(keyOf('data-source', orgUid, uid), config.slotsPerDataSource)),
  ]
}

/** The strictest cap of each subject. */
function strictestCaps(caps: readonly Cap[]): readonly Cap[] {
  const strictest = new Map<string, number>()
  for (const { key, limit } of caps) strictest.set(key, Math.min(limit, strictest.get(key) ?? limit))
  return [...strictest].map(([key, limit]) => ({ key, limit }))
}

/** Creates the limits of callers. */
export function createLimitsOf(config: LimitsConfig): LimitsOf {
  const ofRates = (overrides: readonly Override[]): Bucket[] =>
    overrides.flatMap((one) => (one.rate === undefined ? [] : [{ key: subjectKey(one), rate: one.rate }]))
  return {
    bounds(caller, source) {
      const { principal } = caller
      const own = config.overrides.filter(
        (one) =>
          isMember(one, principal) &&
          (one.dataSource === undefined || unitedBy(source).includes(one.dataSource)) &&
          (one.role === undefined || hasRole(caller, one.role)),
      )
      const caps = own.flatMap((one) =>
        one.slots === undefined ? [] : [{ key: subjectKey(one), limit: one.slots }],
      )
      const ofOrg = own.find(
        ({ team, role, serviceAccount, dataSource, weight }) =>
          (team ?? role ?? serviceAccount ?? dataSource) === undefined && weight !== undefined,
      )
      return {
        query:
          own.length === 0 ? config.query : strictestLimits([config.query, ...own.map(({ query }) => query)]),
        caps: strictestCaps([...capsFor(config, principal, source), ...caps]),
        weight: ofOrg?.weight ?? 1,
        // A team takes turns as one; who is in none, for themselves. Who is in several has the turns of one of them only, so that
        // naming some of them gives no turns of other sets.
        team: teamOf(principal),
        member: principalKey(principal),
      }
    },
    rates(principal, source) {
      const uids: readonly (string | undefined)[] = source === undefined ? [undefined] : unitedBy(source)
      const own = config.overrides.filter((one) => isMember(one, principal) && uids.includes(one.dataSource))
      if (source !== undefined) return ofRates(own)
      const { orgRate, principalRate } = config
      return [
        ...(orgRate === undefined ? [] : [{ key: keyOf('org', principal.orgUid), rate: orgRate }]),
        ...(principalRate === undefined ? [] : [{ key: principalKey(principal), rate: principalRate }]),
        ...ofRates(own).map(({ key, rate }) => ({ key: keyOf('own', key), rate })),
      ]
    },
  }
}
