import type { Constraints } from '@gatehouse/authz'
import { GatehouseError } from '@gatehouse/errors'
import { matchesEmpty } from '@gatehouse/promql'
import { createAdmission } from '@gatehouse/query'
import { member, textIn } from '../filter/json.ts'
import { fromMatcher, isOwn, matchersIn, type SilenceMatcher, toMatcher } from './silence.ts'

/** What a caller may silence, and who that is. */
export interface SilenceScope {
  readonly constraints: Constraints
  readonly tenantLabel: string
  /** Tenants of the org. */
  readonly tenants: readonly string[]
  readonly createdBy: string
}

const maxDays = 90
const dayMs = 86_400_000

function bad(message: string): GatehouseError {
  return new GatehouseError('bad_data', message)
}

function timeIn(body: unknown, name: string): number {
  const text = textIn(body, name)
  const ms = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(ms)) throw bad(`${name} must be an RFC 3339 time`)
  return ms
}

/** The asked matchers within the caller's tenant and constraints. */
function ownMatchers(asked: readonly SilenceMatcher[], scope: SilenceScope): readonly SilenceMatcher[] {
  const { constraints, tenantLabel, tenants } = scope
  const { alternatives } = constraints
  const onTenant = alternatives.map((all) => all.filter(({ name }) => name === tenantLabel))
  const admits = createAdmission(onTenant)
  const own = tenants.filter((tenant) => admits({ [tenantLabel]: tenant }))
  const [tenant = ''] = own
  const named = asked.some(({ name }) => name === tenantLabel)
  if (!named && own.length !== 1)
    throw bad(`a silence needs a matcher ${tenantLabel}="…" with one of your tenants`)
  const matchers = named
    ? asked
    : [{ name: tenantLabel, value: tenant, isRegex: false, isEqual: true }, ...asked]
  if (isOwn(matchers, scope)) return matchers
  const [only] = alternatives
  const added = alternatives.length === 1 ? (only ?? []).filter(({ name }) => name !== tenantLabel) : []
  const narrowed = [...matchers, ...added.map(fromMatcher)]
  if (isOwn(narrowed, scope)) return narrowed
  throw new GatehouseError('forbidden', 'not allowed: the silence would reach alerts that you may not see')
}

/**
 * Reads a silence to write and makes it the caller's: within one of their tenants and their constraints, in their name. Anything else a
 * body holds is dropped.
 * @returns the body for the Alertmanager, and the id of the silence it changes, if any.
 * @throws GatehouseError `bad_data`, `forbidden`
 */
export function readSilence(body: unknown, scope: SilenceScope): { id: string | undefined; silence: object } {
  const asked = matchersIn(body)
  if (asked === undefined) throw bad('a silence needs matchers with name, value, isRegex and isEqual')
  const further = asked.filter(({ name }) => name !== scope.tenantLabel)
  if (further.every((matcher) => matchesEmpty(toMatcher(matcher))))
    throw bad('a silence needs a matcher besides the tenant that does not match the empty value')
  const comment = textIn(body, 'comment').trim()
  if (comment === '') throw bad('a silence needs a comment')
  const [startsAt, endsAt] = [timeIn(body, 'startsAt'), timeIn(body, 'endsAt')]
  if (endsAt <= startsAt) throw bad('endsAt must be after startsAt')
  if (endsAt - startsAt > maxDays * dayMs) throw bad(`a silence may last ${maxDays} days`)
  const matchers = ownMatchers(asked, scope)
  const id = member(body, 'id')
  if (id !== undefined && typeof id !== 'string') throw bad('id must be a text')
  const times = { startsAt: new Date(startsAt).toISOString(), endsAt: new Date(endsAt).toISOString() }
  const silence = { matchers, ...times, createdBy: scope.createdBy, comment }
  return { id: id === '' ? undefined : id, silence }
}
